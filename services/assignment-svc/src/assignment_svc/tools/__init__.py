"""Opportunity tools of a campaign, and using one (A3.8)."""
