"""From what a form sent to the body of a lead: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_YES = frozenset({"1", "true", "on", "yes", "y", "x", "checked", "kyllä", "ja", "oui"})
MOST_UNMAPPED = 50


@dataclass(frozen=True, slots=True)
class Came:
    """Where a post came from, and when."""

    at: datetime
    address: str | None
    page: str | None


@dataclass(frozen=True, slots=True)
class FormFacts:
    project_id: str
    contact_list_id: str | None
    mapping: Mapping[str, str]
    constants: Mapping[str, str]
    keep_unmapped: bool
    consent_text: str | None
    honeypot: str | None


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """`answers.0.value` and what stands there, of everything that is not a container."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flattened(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from flattened(inner, f"{path}.{place}" if path else str(place))
    elif value is not None:
        yield path, value


def lead_body(form: FormFacts, sent: Mapping[str, Any], came: Came, external_id: str) -> dict[str, Any]:
    """`external_id` is taken where the form sends none."""
    body: dict[str, Any] = {"external_id": external_id, "project_id": form.project_id}
    if form.contact_list_id is not None:
        body["contact_list_id"] = form.contact_list_id
    if form.keep_unmapped:
        known = {*form.mapping.values(), form.honeypot}
        unmapped = [(name[:100], value) for name, value in sent.items() if name not in known]
        body["custom"] = dict(unmapped[:MOST_UNMAPPED])
    for target, value in form.constants.items():
        _put(body, target, value)
    for target, source in form.mapping.items():
        value = sent.get(source)
        if value is None or value == "":
            continue
        if target == "consent":
            _give_consent(body, value, form, came)
        else:
            _put(body, target, value if target.startswith("custom.") else _text(value))
    return _named(body)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put(body: dict[str, Any], target: str, value: Any) -> None:
    name, _, key = target.partition(".")
    if key:
        body.setdefault(name, {})[key] = value
    else:
        body[name] = value


def _give_consent(body: dict[str, Any], value: Any, form: FormFacts, came: Came) -> None:
    if _text(value).strip().casefold() not in _YES:
        return
    evidence = {
        "given_at": came.at.isoformat(),
        "text": form.consent_text,
        "ip": came.address,
        "source_url": came.page and came.page[:2000],
    }
    body["consent"] = {name: part for name, part in evidence.items() if part is not None} | body.get("consent", {})


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """A name in one field: the last word is the last name, unless the form says otherwise."""
    whole = body.pop("full_name", None)
    if whole:
        first, _, last = whole.strip().rpartition(" ")
        body.setdefault("first_name", first.strip())
        body.setdefault("last_name", last)
    return body
