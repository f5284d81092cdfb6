"""Templates of mails (N2.12, N5.3): versions are never changed, so that a mail can be made again as it was."""
