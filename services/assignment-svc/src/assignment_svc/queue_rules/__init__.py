"""What holds for a project's queue: the centre's word, the project's, the campaign's (A2.6, A3.7, A3.10, A3.13)."""
