"""Leads themselves on their way out: confirmed ones to sponsors, sold ones to buyers (N5.6, I2.24)."""
