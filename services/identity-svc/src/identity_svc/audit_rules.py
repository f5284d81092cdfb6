"""What leaves no audit entry here, and why."""

from typing import Final

from servicekit.audit import Rules

_COUNTS: Final = "a wrong try is counted in a transaction of its own, which stays"

RULES = Rules(
    exempt={
        "POST /v1/sessions": "people signing in themselves; failures are counted in `guesses`",
        "DELETE /v1/sessions/current": "people signing out themselves",
        "POST /v1/sessions/totp": "people on their way to sign in; failures are counted in `guesses`",
    },
    itself={
        "POST /v1/me/password": _COUNTS,
        "POST /v1/me/totp": _COUNTS,
        "POST /v1/me/totp/confirm": _COUNTS,
        "POST /v1/me/totp/recovery-codes": _COUNTS,
        "POST /v1/me/totp/remove": _COUNTS,
    },
)
