"""What leaves no audit entry here or opens its transactions itself, and why."""

from servicekit.audit import Rules

_GUESSES = "a wrong try is counted although the request fails: one transaction around it would undo the count"

RULES = Rules(
    exempt={
        "POST /v1/sessions": "people signing in themselves; failures are counted in `guesses`",
        "DELETE /v1/sessions/current": "people signing out themselves",
    },
    itself={
        "POST /v1/sessions/totp": _GUESSES,
        "POST /v1/me/password": _GUESSES,
        "POST /v1/me/totp": _GUESSES,
        "POST /v1/me/totp/confirm": _GUESSES,
        "POST /v1/me/totp/recovery-codes": _GUESSES,
        "POST /v1/me/totp/remove": _GUESSES,
    },
)
