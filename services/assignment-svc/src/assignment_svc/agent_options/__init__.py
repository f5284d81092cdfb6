"""What a leads agent sees beyond the defaults (A1.8 to A1.10)."""
