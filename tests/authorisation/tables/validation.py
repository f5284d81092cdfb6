"""validation-svc: validators work all held cases; sponsors flip the billing of their own leads (V4.9)."""

from typing import Final

from authorisation.rows import STAFF, Table, may

_WORKERS = f"{STAFF} call_centre"
_HELD = {"lead_id": "held_lead_id"}

VALIDATION: Final[Table] = {
    "GET /v1/validation/cases": [
        may(_WORKERS, shows="held_lead_id"),
        may("admin", query={"partner_id": "{=partner_id}"}),
    ],
    "GET /v1/validation/cases/{lead_id}": may(_WORKERS, objects=_HELD),
    "POST /v1/validation/cases/{lead_id}/billable": may(
        "admin", own="sponsor", objects=_HELD, body={"billable": False, "reason": "wrong"}
    ),
    "POST /v1/validation/cases/{lead_id}/decision": may(_WORKERS, objects=_HELD, body={"status": "confirmed"}),
    "POST /v1/validation/cases/{lead_id}/flag": may("admin", objects=_HELD, body={"valid": True, "reason": "seen"}),
    "POST /v1/validation/cases/{lead_id}/reopen": may("admin", objects=_HELD, body={"reason": "again"}),
    "POST /v1/validation/decisions/batch": may(
        _WORKERS, body={"decisions": [{"lead_id": "{held_lead_id}", "status": "confirmed"}]}
    ),
    "GET /v1/validation/export": [
        may(_WORKERS, shows="held_lead_id"),
        may("admin", query={"partner_id": "{=partner_id}"}),
    ],
    "POST /v1/validation/next": may(_WORKERS, body={}),
    "GET /v1/validation/view": may(_WORKERS),
}
