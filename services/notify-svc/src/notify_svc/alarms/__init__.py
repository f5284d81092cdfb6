"""Alarms to operators (N5.9): heard from all services, raised about our own work, told once in a period."""
