"""Partners, lead intake, checks, duplicates, suppression, lead status and timeline."""
