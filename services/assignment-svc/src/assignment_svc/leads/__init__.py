"""What intake and validation say about leads."""
