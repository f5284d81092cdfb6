"""E-mail notifications with a ledger."""
