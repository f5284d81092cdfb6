"""The ledger of webhooks (N5.6): every one that was ever to be sent, and what became of it."""
