"""The projects that cases belong to, as sponsor-svc tells them."""
