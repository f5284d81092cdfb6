"""Orders of leads."""
