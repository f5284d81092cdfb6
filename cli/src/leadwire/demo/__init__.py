"""Demo data: two sponsors with their projects, partners that push a trickle of leads, and people who work them."""
