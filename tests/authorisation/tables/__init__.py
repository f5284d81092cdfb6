"""One table per service."""
