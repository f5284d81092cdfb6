"""One work item per lead: its states, its transitions, what agents and supervisors do with it."""
