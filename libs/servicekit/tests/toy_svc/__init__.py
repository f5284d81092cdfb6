"""The smallest service: what the tests of servicekit run."""
