"""Campaigns: what partners that feed them hear of, and the templates that are activated for them."""
