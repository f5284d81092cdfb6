"""Digests (N2.8, N5.8): what may wait is gathered per address, and goes as one mail when its time has come."""
