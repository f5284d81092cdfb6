"""Reports over orders (A1.6)."""
