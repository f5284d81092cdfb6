"""Rows of a file, mapped, validated and checked: everything that needs no database."""

import asyncio
from collections.abc import Sequence

import msgspec
from contracts.events.values import Problem
from lead_intake_svc.checks.problem import REJECT
from lead_intake_svc.imports.rows import Plan, Row, RowRefused
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Candidate, Sender, fingerprint_of
from lead_intake_svc.intake.json_body import located
from lead_intake_svc.intake.shapes import LeadInput
from pydantic import ValidationError
from servicekit.http import validation_failed
from servicekit.problems import DomainError

# Some 60 µs a row: after so many, whoever else lives in this process gets a turn.
BREATH = 20
MAX_PROBLEMS = 10
_ERASED = Problem(
    code="person-erased", level=REJECT, field=None, detail="The person was erased, and the row with them."
)


class Prepared(msgspec.Struct, frozen=True):
    """`candidate` is None exactly when the row has problems that nothing can be decided with."""

    row: Row
    candidate: Candidate | None
    problems: Sequence[Problem] = ()


async def prepare_rows(rows: Sequence[Row], plan: Plan, admission: Admission, sender: Sender) -> list[Prepared]:
    read: list[_Read] = []
    for n, row in enumerate(rows, start=1):
        read.append(_read(row, plan))
        if n % BREATH == 0:
            await asyncio.sleep(0)
    await admission.missing_known([each.lead for each in read if each.lead is not None])
    prepared: list[Prepared] = []
    for n, each in enumerate(read, start=1):
        prepared.append(_admitted(each, admission, sender))
        if n % BREATH == 0:
            await asyncio.sleep(0)
    return prepared


class _Read(msgspec.Struct, frozen=True):
    row: Row
    lead: LeadInput | None
    fingerprint: bytes = b""
    problems: Sequence[Problem] = ()


def _read(row: Row, plan: Plan) -> _Read:
    if row.erased:
        return _Read(row, None, problems=[_ERASED])
    try:
        body = plan.body(row)
        return _Read(row, LeadInput.model_validate(body), fingerprint_of(body))
    except RowRefused as refusal:
        return _Read(row, None, problems=[refusal.problem])
    except ValidationError as error:
        return _Read(row, None, problems=refused_by(validation_failed(located(error))))


def _admitted(read: _Read, admission: Admission, sender: Sender) -> Prepared:
    if read.lead is None:
        return Prepared(read.row, None, read.problems)
    try:
        return Prepared(read.row, admission.admit(read.lead, sender, read.fingerprint))
    except DomainError as error:
        return Prepared(read.row, None, refused_by(error))


def refused_by(error: DomainError) -> list[Problem]:
    found = [Problem(code=e.code, level=REJECT, field=e.pointer or None, detail=e.detail) for e in error.errors]
    return found[:MAX_PROBLEMS] or [Problem(code=error.code, level=REJECT, field=None, detail=error.detail)]


def refused(row: Row, code: str, detail: str) -> Prepared:
    return Prepared(row, None, [Problem(code=code, level=REJECT, field=None, detail=detail)])
