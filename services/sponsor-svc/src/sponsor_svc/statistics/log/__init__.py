"""What was counted, event by event."""
