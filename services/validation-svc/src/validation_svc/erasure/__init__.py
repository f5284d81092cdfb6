"""Forgetting people (I2.27)."""
