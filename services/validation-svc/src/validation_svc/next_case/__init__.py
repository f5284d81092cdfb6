"""The next case, for one validator at a time (V4.11)."""
