"""How a campaign is called: outcomes, contact lock time, call channel, what unticking does (A3.7)."""
