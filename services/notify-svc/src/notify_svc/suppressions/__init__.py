"""Addresses that nothing is sent to any more (N5.2), and why."""
