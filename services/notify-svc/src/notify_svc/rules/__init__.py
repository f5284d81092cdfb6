"""Notification rules (N5.7): who hears of what, by which template. Those of N2.8, N2.9 and N2.11 are built in."""
