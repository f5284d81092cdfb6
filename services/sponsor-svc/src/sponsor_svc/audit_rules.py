"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

RULES = Rules(
    exempt={"POST /v1/shared-statistics": "people without a sign-in who open a link; when, is kept with the link"}
)
