"""Giving leads to agents: which may be given, many at once, and the log of it."""
