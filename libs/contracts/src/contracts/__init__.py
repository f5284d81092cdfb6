"""Versioned contract events of Leadwire."""
