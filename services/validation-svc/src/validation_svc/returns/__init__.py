"""Which leads are on their way back to their partner: they are neither decided nor reopened (V4.8)."""
