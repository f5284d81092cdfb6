"""What an agent has: assigned leads and their newest history."""
