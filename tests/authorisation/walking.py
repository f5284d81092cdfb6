"""Asks what a row says, as everybody, about every kind of object, and judges the answers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from authorisation.dry import Failures
from authorisation.rows import LEVELS, May
from authorisation.side import Side
from authorisation.world import World

REFUSED: Final = frozenset({401, 403, 404})
OWN, FOREIGN, UNKNOWN = "own", "foreign", "unknown"
KINDS: Final = (OWN, FOREIGN, UNKNOWN)
_NAME: Final = re.compile(r"\{(=?)(\w+)\}")
_UUID: Final = re.compile(r"[0-9a-f-]{36}")
_SCOPED: Final = frozenset({"sponsor", "partner", "key", "test_key", "leads_agent"})
# Of the other side's, an agent knows what campaigns, products and the like are called, and nothing of its leads.
_NOT_FOR_AGENTS: Final = ("_lead_id", "lead_id", "order_id", "callback_id", "batch_id", "return_id", "sale_id")


@dataclass(frozen=True)
class Case:
    service: str
    operation: str
    row: May
    level: str
    kind: str

    def __str__(self) -> str:
        return f"{self.operation} as {self.level}, {self.kind} object"

    @property
    def writes(self) -> bool:
        return not self.operation.startswith("GET ")

    @property
    def names_in_path(self) -> bool:
        return "{" in self.operation


@dataclass(frozen=True)
class Answer:
    """`text` is the body without what differs between any two requests, `masked` also without the objects' ids."""

    status: int
    text: str
    masked: str
    committed: bool

    @property
    def seen(self) -> tuple[int, str]:
        return self.status, self.masked


def cases_of(service: str, operation: str, row: May) -> Iterator[Case]:
    named = " ".join((operation, json.dumps([row.body, dict(row.query), dict(row.form or {})])))
    kinds = KINDS if any(not fixed for fixed, _ in _NAME.findall(named)) else (OWN,)
    for level in LEVELS:
        for kind in kinds:
            yield Case(service, operation, row, level, kind)


class Walk:
    def __init__(self, world: World, failures: Failures) -> None:
        self._world = world
        self._failures = failures

    async def ask(self, case: Case) -> Answer:
        method, path = case.operation.split(" ", 1)
        known: dict[str, str] = {}
        path = str(self._filled(path, case, known))
        options: dict[str, Any] = {"params": self._filled(dict(case.row.query), case, known)}
        if case.row.file is not None:
            options["data"] = self._filled(dict(case.row.form or {}), case, known)
            options["files"] = {"file": ("file.csv", case.row.file.encode(), "text/csv")}
        elif case.row.body is not None:
            options["json"] = self._filled(case.row.body, case, known)
        self._failures.forget()
        answer = await self._world.callers[case.level].request(method, path, **options)
        committed = answer.status_code in {500, 503} and self._failures.was_a_commit
        text = _comparable(answer)
        return Answer(answer.status_code, text, _masked(text, known), committed)

    def _filled(self, template: Any, case: Case, known: dict[str, str]) -> Any:
        match template:
            case str():
                return _NAME.sub(lambda found: self._object(found, case, known), template)
            case dict():
                return {name: self._filled(value, case, known) for name, value in template.items()}
            case list():
                return [self._filled(value, case, known) for value in template]
            case _:
                return template

    def _object(self, found: re.Match[str], case: Case, known: dict[str, str]) -> str:
        name = case.row.objects.get(found[2], found[2])
        kind = OWN if found[1] else case.kind
        side = self._world.foreign if kind == FOREIGN else self._world.own
        value = object_of(side, name, case)
        if kind == UNKNOWN:
            value = value[:-6] + ("000000" if _UUID.fullmatch(value) else "zzzzzz")
        if not found[1]:
            known[value] = name
        return value

    def objection(self, case: Case, answer: Answer, unknown: Answer) -> str | None:
        """What is wrong with the answer; `unknown` is the one about an object that does not exist."""
        row, level = case.row, case.level
        if answer.status >= 500 and not answer.committed:
            return f"broke: {self._failures.last!r}"
        if level in row.everything:
            wrong = self._of_allowed(case, answer)
        elif level in row.own:
            wrong = self._of_allowed(case, answer) if case.kind == OWN else _of_foreign(case, answer, unknown)
        else:
            wrong = _of_refused(case, answer, unknown)
        return wrong or self._leak(case, answer)

    def _of_allowed(self, case: Case, answer: Answer) -> str | None:
        if case.kind == UNKNOWN:
            turned_away = answer.status == 401 and case.level != "anonymous"
            return "is allowed, but was answered 401" if turned_away else None
        if answer.status in REFUSED and not (case.row.may_be_absent and answer.status == 404):
            return f"is allowed, but was answered {answer.status} {answer.text[:300]}"
        if answer.status in {400, 415, 422} and "validation-failed" in answer.text:
            return f"the row's body is not what the operation takes: {answer.text[:400]}"
        wanted = case.row.shows
        if wanted and case.kind == OWN and object_of(self._world.own, wanted, case) not in answer.text:
            return f"does not show the own {wanted}: {answer.status} {answer.text[:200]}"
        return None

    def _leak(self, case: Case, answer: Answer) -> str | None:
        if case.level not in _SCOPED:
            return None
        foreign = self._world.foreign
        hidden = {foreign.surname, *_hidden_ids(foreign, case.level)}
        found = sorted(word for word in hidden if word in answer.masked)
        return f"shows what is the other side's: {', '.join(found)}" if found else None


def object_of(side: Side, name: str, case: Case) -> str:
    """Raises LookupError that says where to add the object."""
    for key in (f"{name}@{case.level}", f"{name}@{case.service}", name):
        if key in side.ids:
            return side.ids[key]
    raise LookupError(f"{case.operation} names {name}: make one in tests/authorisation/side.py, or say `objects=`")


def _hidden_ids(foreign: Side, level: str) -> set[str]:
    if level == "leads_agent":
        return {value for name, value in foreign.ids.items() if name.split("@")[0].endswith(_NOT_FOR_AGENTS)}
    bought = {"sold_lead_id"} if level != "sponsor" else set[str]()
    return {value for name, value in foreign.ids.items() if name not in bought}


def _of_foreign(case: Case, answer: Answer, unknown: Answer) -> str | None:
    if answer.committed or (case.names_in_path and answer.status not in REFUSED):
        return f"reaches what is the other side's: {answer.status} {answer.text[:200]}"
    return _oracle(answer, unknown)


def _of_refused(case: Case, answer: Answer, unknown: Answer) -> str | None:
    if answer.status not in REFUSED:
        words = "would have written" if answer.committed else f"was answered {answer.status} {answer.text[:300]}"
        return f"must be refused, but {words}"
    return _oracle(answer, unknown) if case.kind == FOREIGN else None


def _oracle(answer: Answer, unknown: Answer) -> str | None:
    if answer.seen != unknown.seen:
        return f"tells a foreign object from an unknown one: {answer.seen} and {unknown.seen}"
    return None


def _comparable(answer: httpx2.Response) -> str:
    text = answer.text.replace(answer.headers.get("x-request-id", "-"), "{request}")
    return re.sub(r'"as_of": ?"[^"]+"', '"as_of":""', text)


def _masked(text: str, known: Mapping[str, str]) -> str:
    for value, name in known.items():
        text = text.replace(value, f"{{{name}}}")
    return text
