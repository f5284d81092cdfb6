"""How long ledgers are kept."""
