"""Counts the statistics again from the tables of the services that own what is counted."""
