"""Users, sessions, access levels and signed identity."""
