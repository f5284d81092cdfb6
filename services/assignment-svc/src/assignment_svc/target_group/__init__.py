"""Accounts under an agent's responsibility: their leads go to that agent only (A3.6)."""
