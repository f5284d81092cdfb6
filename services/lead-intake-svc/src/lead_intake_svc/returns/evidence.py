"""What speaks for a return, from the service's own timeline: pure."""

from collections.abc import Iterable, Mapping
from typing import Any

_MOST = 50
CALL_CENTRE = ("notes",)  # what validators and agents wrote: I2.10 decides who reads it


def evidence_of(
    entries: Iterable[Mapping[str, Any]], consent: Mapping[str, Any] | None, duplicate: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`entries` of one lead in time order, each with event, at (as text) and data. The newest 50 of each kind count."""
    attempts: list[dict[str, Any]] = []
    dispositions: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for entry in entries:
        event, at, data = entry["event"], entry["at"], entry["data"]
        if event == "assignment.attempt.logged.v1":
            attempts.append({"at": data.get("started_at", at), **_some(data, "outcome", "contacted", "number")})
        elif event == "assignment.lead.resolved.v1":
            dispositions.append({"at": at, **_some(data, "disposition")})
        elif event == "assignment.lead.invalidated.v1":
            dispositions.append({"at": at, "disposition": "invalid"})
            notes.append({"at": at, "status": "invalid", "note": data.get("reason")})
        elif event.startswith("validation.case.") and data.get("note"):
            notes.append({"at": at, "status": event.split(".")[2], "note": data["note"]})
    found = {
        "attempts": attempts[-_MOST:],
        "dispositions": dispositions[-_MOST:],
        "notes": notes[-_MOST:],
        "consent": consent and dict(consent),
        "duplicate": duplicate and dict(duplicate),
    }
    return {name: value for name, value in found.items() if value}


def for_partner(evidence: Mapping[str, Any], *, comments: bool) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if comments or name not in CALL_CENTRE}


def _some(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}
