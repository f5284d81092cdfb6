"""What the receiving side gave back, or complained of, after it had taken a mail (N5.2)."""
