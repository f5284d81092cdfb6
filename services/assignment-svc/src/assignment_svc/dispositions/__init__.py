"""Named outcomes."""
