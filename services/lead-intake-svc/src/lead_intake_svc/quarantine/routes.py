"""`POST /v1/leads/{id}/decision` and `POST /v1/leads/bulk-edit`."""

from dataclasses import asdict

from fastapi import APIRouter
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from msgspec import to_builtins
from servicekit.http import router
from servicekit.identity import Caller, Identity
from servicekit.problems import DomainError, Kind, forbidden

from lead_intake_svc.leads.answers import FieldProblem, LeadAnswer, ProblemShown
from lead_intake_svc.quarantine.decide_lead import DecideLead, decide_lead
from lead_intake_svc.quarantine.edit_leads import Editor, edit_lead
from lead_intake_svc.quarantine.rebuild import Rebuild
from lead_intake_svc.quarantine.shapes import BulkEdit, Decision, EditAnswer, EditResult, LeadEdit
from lead_intake_svc.scope import Writer

STAFF = ("admin", "supervisor")
_CAUTION = frozenset({"quarantined"})
_NOT_ACCEPTED = frozenset({"quarantined", "rejected"})


def quarantine_router(database: Database, rebuild: Rebuild) -> APIRouter:
    routes = router(prefix="/v1/leads", tags=["leads"])

    @routes.post("/bulk-edit")
    async def bulk_edit(caller: Writer, wanted: BulkEdit) -> EditAnswer:
        """Off unless the project allows it. Validators edit quarantined leads, partners quarantined and rejected ones
        of their own, supervisors all that were never accepted. Each is checked again as new.
        """
        editor = editor_of(caller)
        results: dict[int, EditResult] = {}
        async with database.unit_of_work() as work:
            # By id, so that two that edit the same leads never wait for each other both ways.
            for index, edit in sorted(enumerate(wanted.edits), key=lambda each: each[1].lead_id):
                results[index] = await _edit(work, editor, index, edit, rebuild)
        return EditAnswer(results=[results[index] for index in range(len(wanted.edits))])

    @routes.post("/{lead_id}/decision")
    async def decide(caller: Caller, lead_id: str, wanted: Decision) -> LeadAnswer:
        """About a quarantined lead. Suppressed people and missing consent are not overridden."""
        caller.require(*STAFF)
        command = DecideLead(lead_id, wanted.decision == "accept", wanted.reason, caller.user_id)
        async with database.unit_of_work() as work:
            row = await decide_lead(work, command, rebuild)
        shown = {name: row[name] for name in LeadAnswer.model_fields if name != "problems"}
        return LeadAnswer(**shown, problems=[ProblemShown(**problem) for problem in row["problems"]])

    return routes


def editor_of(caller: Identity) -> Editor:
    if caller.is_supervisor:
        return Editor(caller.user_id, _NOT_ACCEPTED, None)
    if caller.access_level == "call_centre":
        return Editor(caller.user_id, _CAUTION, None)
    if caller.access_level == "partner" and caller.partner_id:
        return Editor(caller.user_id, _NOT_ACCEPTED, caller.partner_id)
    raise forbidden()


async def _edit(work: UnitOfWork, editor: Editor, index: int, edit: LeadEdit, rebuild: Rebuild) -> EditResult:
    try:
        async with work.part():
            done = await edit_lead(work, editor, edit.lead_id, edit.changes.sent(), rebuild)
    except DomainError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
        errors = [FieldProblem(**asdict(each)) for each in error.errors]
        return EditResult(
            index=index, id=edit.lead_id, status="failed", code=error.code, detail=error.detail, errors=errors
        )
    return EditResult(
        index=index,
        id=edit.lead_id,
        status="ok",
        lead_status=done.status,  # pyright: ignore[reportArgumentType] -- one of the three
        reason=done.reason,
        location=done.location,
        held=done.held,
        problems=[ProblemShown(**to_builtins(problem)) for problem in done.problems],
    )
