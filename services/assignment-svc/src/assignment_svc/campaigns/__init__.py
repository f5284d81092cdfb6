"""Which agents are ticked on a campaign."""
