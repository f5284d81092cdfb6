"""Sponsors, projects, products, contact lists and live statistics."""
