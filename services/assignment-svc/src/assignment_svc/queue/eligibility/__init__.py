"""Why may, or may not, this agent have this lead: the one definition of E1 to E12."""
