"""Letting held leads go when a project turns validation off (V4.1)."""
