"""Every contract event, by the context that owns it. Importing this package fills the registry."""

from contracts.events import assignment, identity, intake, notify, sponsor, validation

__all__ = ["assignment", "identity", "intake", "notify", "sponsor", "validation"]
