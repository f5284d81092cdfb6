"""Up to 1,000 leads in one call: each row has its own fate, and its own result."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from contracts.events.values import Problem
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Candidate, Sender, fingerprint_of
from lead_intake_svc.intake.json_body import located
from lead_intake_svc.intake.push_lead import Intake, Pushed
from lead_intake_svc.intake.settle import Outcome
from lead_intake_svc.intake.shapes import LeadInput
from pydantic import ValidationError
from servicekit.http import validation_failed
from servicekit.problems import DomainError, FieldError, Kind

MAX_ROWS = 1000
Entry = DomainError | tuple[Candidate, asyncio.Future[Outcome]]
# A lead costs some 50 µs to check: after so many, others get their turn.
BREATH = 50


class RowResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    index: int
    status: str
    code: str | None = None
    detail: str | None = None
    errors: list[FieldError] = []
    id: str | None = None
    lead_status: str | None = None
    location: str | None = None
    held: bool | None = None
    reason: str | None = None
    duplicate_of: str | None = None
    problems: tuple[Problem, ...] = ()


class BatchPush:
    def __init__(self, intake: Intake, admission: Admission) -> None:
        self._intake = intake
        self._admission = admission

    async def push(self, rows: Sequence[Any], sender: Sender) -> list[RowResult]:
        """A result per row, in order, after everything that could be stored is committed.

        Raises 503 when a row's fate is unknown or too many wait: sent again, the stored rows change nothing.
        """
        leads = await _validated(rows)
        await self._admission.missing_known([lead for lead in leads if isinstance(lead, LeadInput)])
        entries: list[Entry] = []
        for index, (row, lead) in enumerate(zip(rows, leads, strict=True)):
            entries.append(lead if isinstance(lead, DomainError) else self._submit(row, lead, sender))
            if index % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        await asyncio.gather(*(entry[1] for entry in entries if isinstance(entry, tuple)), return_exceptions=True)
        return [await self._result(index, entry) for index, entry in enumerate(entries)]

    def _submit(self, row: Mapping[str, Any], lead: LeadInput, sender: Sender) -> Entry:
        try:
            candidate = self._admission.admit(lead, sender, fingerprint_of(row))
            return candidate, self._intake.submit(candidate)
        except DomainError as error:
            return error

    async def _result(self, index: int, entry: Entry) -> RowResult:
        try:
            if isinstance(entry, DomainError):
                raise entry
            candidate, future = entry
            return _stored(index, await self._intake.conclude(candidate, await future))
        except DomainError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise
            return RowResult(
                index=index, status="failed", code=error.code, detail=error.detail, errors=list(error.errors)
            )


async def _validated(rows: Sequence[Any]) -> list[LeadInput | DomainError]:
    leads: list[LeadInput | DomainError] = []
    for index, row in enumerate(rows):
        leads.append(row if isinstance(row, DomainError) else _validate(row))
        if index % BREATH == BREATH - 1:
            await asyncio.sleep(0)
    return leads


def _validate(row: Any) -> LeadInput | DomainError:
    try:
        return LeadInput.model_validate(row)
    except ValidationError as error:
        return validation_failed(located(error))


def _stored(index: int, pushed: Pushed) -> RowResult:
    answer = pushed.answer
    return RowResult(
        index=index,
        status="ok" if pushed.changed else "skipped",
        code=answer.reason if pushed.changed else "unchanged",
        id=answer.id,
        lead_status=answer.status,
        location=answer.location,
        held=answer.held,
        reason=answer.reason,
        duplicate_of=answer.duplicate_of,
        problems=answer.problems,
    )
