"""Leads that others take away: returned, sold, consent revoked, erased."""
