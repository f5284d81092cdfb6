"""Call-centre validation of held leads."""
