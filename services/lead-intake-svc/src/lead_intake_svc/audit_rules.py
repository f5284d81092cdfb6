"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

_LEADS = "leads coming in: the lead's timeline and revisions keep them"

RULES = Rules(
    exempt={
        "POST /v1/leads": _LEADS,
        "POST /v1/leads/batch": _LEADS,
        "POST /v1/forms/{form_id}": _LEADS,
        "POST /v1/leads/search": "it reads, and changes nothing",
        "POST /v1/suppressions/search": "it reads, and changes nothing",
    },
    reads=frozenset({"GET /v1/imports/{import_id}/failures"}),
)
