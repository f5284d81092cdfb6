"""What other services say about projects, people, lists and suppressions."""
