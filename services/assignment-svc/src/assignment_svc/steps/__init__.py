"""What is done with leads: by agents who call, by supervisors, and by time."""
