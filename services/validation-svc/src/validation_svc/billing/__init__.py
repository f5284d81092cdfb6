"""What the client may still say about a lead that it got: whether it is billable (V4.9)."""
