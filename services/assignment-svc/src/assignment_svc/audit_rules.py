"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

_WORK = "an agent's work: the customer's history keeps who did it, when, and what it was (A1.13)"
_PASSING = "nothing that lasts"

RULES = Rules(
    exempt={
        "POST /v1/customers/search": "it reads, and changes nothing",
        "POST /v1/agents/me/heartbeat": _PASSING,
        "PUT /v1/work-items/{lead_id}/draft": _PASSING,
        "DELETE /v1/work-items/{lead_id}/draft": _PASSING,
        "POST /v1/work-items/{lead_id}/lock": _PASSING,
        "POST /v1/work-items/{lead_id}/lock/heartbeat": _PASSING,
        "DELETE /v1/work-items/{lead_id}/lock": _PASSING,
        "POST /v1/queue/claim": _WORK,
        "PATCH /v1/callbacks/{callback_id}": _WORK,
        "DELETE /v1/callbacks/{callback_id}": _WORK,
        "POST /v1/orders": _WORK,
        "PATCH /v1/orders/{order_id}": _WORK,
        "POST /v1/orders/{order_id}/complete": _WORK,
        "POST /v1/work-items/{lead_id}/attempts": _WORK,
        "POST /v1/work-items/{lead_id}/callback": _WORK,
        "POST /v1/work-items/{lead_id}/convert": _WORK,
        "POST /v1/work-items/{lead_id}/invalidate": _WORK,
        "POST /v1/work-items/{lead_id}/messages": _WORK,
        "POST /v1/work-items/{lead_id}/notes": _WORK,
        "POST /v1/work-items/{lead_id}/offer": _WORK,
        "POST /v1/work-items/{lead_id}/offer/accept": _WORK,
        "POST /v1/work-items/{lead_id}/opportunities": _WORK,
        "POST /v1/work-items/{lead_id}/release": _WORK,
        "POST /v1/work-items/{lead_id}/resolve": _WORK,
        "POST /v1/work-items/{lead_id}/surveys": _WORK,
    }
)
