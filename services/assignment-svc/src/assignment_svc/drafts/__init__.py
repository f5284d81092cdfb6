"""What an agent wrote and could not save is not lost with the lock (A3.9)."""
