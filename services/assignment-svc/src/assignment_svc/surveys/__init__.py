"""Survey templates, versioned, and what leads answered (A3.3, A3.4)."""
