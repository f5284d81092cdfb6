"""Where webhooks go (N5.6): endpoints of partners, sponsors, projects and CRMs, and their secrets."""
