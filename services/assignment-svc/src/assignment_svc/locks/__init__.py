"""The right to edit a lead: one holder, one token, an end."""
