"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

RULES = Rules(
    exempt={
        "POST /v1/sessions": "people signing in themselves; failures are counted in `guesses`",
        "DELETE /v1/sessions/current": "people signing out themselves",
    }
)
