"""Customer Search: finds leads by what a person says on the phone."""
