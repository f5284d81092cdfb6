"""Which events webhooks tell to whom, and in what words (N5.6)."""
