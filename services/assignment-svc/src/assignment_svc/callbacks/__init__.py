"""Calls that were promised: private ones to the agent who promised, public ones to whoever is free (A3.10)."""
