"""Our own people, as identity-svc tells of them: rules name them by access level."""
