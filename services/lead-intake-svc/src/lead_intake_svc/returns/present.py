"""How returns are shown, and what stays inside the house (I2.10): pure."""

from asyncpg import Record
from lead_intake_svc.returns.evidence import for_partner
from lead_intake_svc.returns.rules import PURCHASE, Refusal
from lead_intake_svc.returns.shapes import Return, ReturnResult

_INSIDE = ("refusal", "warning", "sponsor_id")


def show(row: Record, *, own: str | None, comments: bool) -> Return:
    """`own`: the partner who looks, None for our staff. `comments`: it may read what the call centre noted."""
    fields = {name: row[name] for name in Return.model_fields}
    if own is None:
        return Return(**fields)
    fields |= dict.fromkeys(_INSIDE)
    fields |= {"flags": [], "evidence": for_partner(row["evidence"], comments=comments)}
    if row["kind"] == PURCHASE:
        fields |= {"requested_by": None, "disputed_by": None}
        fields["comment"] = row["comment"] if comments else None
    else:
        fields["answered_by"] = None
    return Return(**fields)


def result(index: int, lead_id: str, made: Record | Refusal) -> ReturnResult:
    if isinstance(made, Refusal):
        return ReturnResult(index=index, status="failed", lead_id=lead_id, code=made.code, detail=made.detail)
    return ReturnResult(index=index, status="ok", lead_id=lead_id, code=made["warning"], id=made["id"])
