"""Which lead and account fields a campaign shows, and correcting them (A3.5)."""
