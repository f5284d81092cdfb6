"""Which e-mail and survey templates agents may use in a campaign, and sending them (A3.3)."""
