"""Sending what the ledger holds: claims, conversations with the SMTP server, retries."""
