"""What happens when a time comes."""
