"""What an operator does to an installation: migrate, look after dead letters, ask what is wrong."""
