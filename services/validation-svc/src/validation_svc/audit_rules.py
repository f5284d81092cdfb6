"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

RULES = Rules(
    exempt={
        "POST /v1/validation/cases/{lead_id}/decision": "a validator's work: the case's notes keep who, when and what",
        "POST /v1/validation/next": "a case is held for a few minutes",
    }
)
