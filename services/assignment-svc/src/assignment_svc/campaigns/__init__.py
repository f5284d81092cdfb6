"""Campaigns: their tabs, and which agents are ticked."""
