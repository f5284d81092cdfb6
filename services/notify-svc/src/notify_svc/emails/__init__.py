"""The ledger of e-mails (N5.4): every one that was ever to be sent, and what became of it."""
