"""Finding cases: the list, its default columns, and the same as a file."""
