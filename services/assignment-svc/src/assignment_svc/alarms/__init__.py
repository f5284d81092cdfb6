"""Trouble that a supervisor should look at, told once and not every second."""
