"""One work item per lead: its states, and the transitions between them."""
