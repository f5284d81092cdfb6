"""The gateway: nginx's configuration, and the same rules in process for embedded mode."""
