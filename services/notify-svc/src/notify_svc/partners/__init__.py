"""Partner companies and the addresses that want to hear, as lead-intake-svc tells them."""
