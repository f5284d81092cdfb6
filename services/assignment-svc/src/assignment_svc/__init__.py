"""The lead queue: claims, locks, attempts, dispositions, orders."""
