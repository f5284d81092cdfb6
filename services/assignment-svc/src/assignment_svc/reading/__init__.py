"""How work items are shown: one, lists of them, and what happened to them."""
