"""From the cells of a row to the body of a push, by a mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

import msgspec
from contracts.events.values import Problem
from lead_intake_svc.checks.phone import normalise_phone
from lead_intake_svc.checks.problem import REJECT
from lead_intake_svc.imports.fields import ITEMS, REST
from lead_intake_svc.imports.repair import (
    Damaged,
    clean,
    read_list,
    read_minor,
    read_object,
    read_time,
    read_yes_no,
    repair_phone,
    with_plus,
)

_SPLIT_LATER = frozenset(
    {"order.total", "order.unit_price", "order.currency", "order.quantity", "full_name", ITEMS, *REST}
)
_CONVERTED = frozenset({"phone", "consent.given_at", "test", "location", "order.status"})
# What an erasure leaves of a person's row in a file that waits: the rows behind it keep their numbers.
ERASED: Final = ("\x1aperson-erased",)


class Row(msgspec.Struct, frozen=True):
    """`line` counts records from 1, the header and blank ones included, as spreadsheets do."""

    line: int
    cells: Sequence[str]

    @property
    def erased(self) -> bool:
        return self.cells[0] == ERASED[0]


class RowRefused(Exception):
    def __init__(self, code: str, field: str | None, detail: str) -> None:
        super().__init__(code)
        self.problem = Problem(code=code, level=REJECT, field=field, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a file's rows become leads. `mapping` names the field of a column; `id_prefix` stands before the line in the
    `external_id` of rows that have none.
    """

    columns: Sequence[str]
    mapping: Mapping[str, str]
    project_id: str
    contact_list_id: str | None
    region: str
    zone: tzinfo
    id_prefix: str
    places: "tuple[_Place, ...]" = field(init=False)

    def __post_init__(self) -> None:
        places = [_place_of(i, self.mapping[name]) for i, name in enumerate(self.columns) if name in self.mapping]
        object.__setattr__(self, "places", tuple(places))

    def body(self, row: Row) -> dict[str, Any]:
        """Raises RowRefused."""
        cells = row.cells
        if len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
            raise RowRefused("row-too-wide", None, "The row has more cells than the file has columns.")
        body: dict[str, Any] = {"project_id": self.project_id}
        if self.contact_list_id is not None:
            body["contact_list_id"] = self.contact_list_id
        later: dict[str, str] = {}
        width = len(cells)
        for place in self.places:
            text = clean(cells[place.column]) if place.column < width else ""
            if not text:
                continue
            if "\0" in text or (not text.isascii() and "\ufffd" in text):
                raise RowRefused("character-broken", _pointer(place.field), "A character cannot be read.")
            if place.later:
                later[place.field] = text
                continue
            value = self._value(place.field, text) if place.field in _CONVERTED else text
            into = body if place.group is None else body.setdefault(place.group, {})
            (into.setdefault("fields", {}) if place.deep else into)[place.name] = value
        if later:
            _put_together(body, later)
        body.setdefault("external_id", f"{self.id_prefix}-{row.line}")
        return body

    def _value(self, field: str, text: str) -> Any:
        try:
            match field:
                case "phone":
                    return self._phone(text)
                case "consent.given_at":
                    return read_time(text, self.zone)
                case "test":
                    return read_yes_no(text)
                case _:
                    return text.lower()
        except Damaged as damaged:
            raise RowRefused(damaged.code, _pointer(field), damaged.detail) from None

    def _phone(self, text: str) -> str:
        """A plus sign that got lost is put back where the number exists with it, and not without it."""
        repaired = repair_phone(text)
        if repaired.startswith("+") or normalise_phone(repaired, self.region) is not None:
            return repaired
        international = with_plus(repaired)
        found = international and normalise_phone(international, self.region)
        return found or repaired


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a column's cell goes: into the lead, or a group of it; `deep`: into the group's `fields`."""

    column: int
    field: str
    group: str | None
    name: str
    deep: bool
    later: bool


def _place_of(column: int, field: str) -> _Place:
    head, dot, rest = field.partition(".")
    deep = head == "account" and rest.startswith("fields.")
    name = rest.removeprefix("fields.") if deep else rest or head
    return _Place(column, field, head if dot else None, name, deep, field in _SPLIT_LATER)


def _put_together(body: dict[str, Any], later: Mapping[str, str]) -> None:
    full_name = later.get("full_name")
    if full_name is not None:
        first, last = split_name(full_name)
        body.setdefault("first_name", first)
        body.setdefault("last_name", last)
    for name in REST:
        if name in later:
            _fill_up(body, name, later[name])
    currency = later.get("order.currency", "").upper()
    try:
        if "order.total" in later:
            body.setdefault("order", {})["total"] = _money(later["order.total"], currency)
        if ITEMS in later:
            body.setdefault("order", {})["items"] = read_list(later[ITEMS])
        if "order" in body and "product_code" in body["order"]:
            body["order"]["items"] = [_item(body["order"].pop("product_code"), later, currency)]
    except Damaged as damaged:
        raise RowRefused(damaged.code, "/order", damaged.detail) from None


def _fill_up(body: dict[str, Any], name: str, text: str) -> None:
    """What stands in a column of its own goes before."""
    into = body
    for part in name.split(".")[:-1]:
        into = into.setdefault(part, {})
    try:
        into |= {key: value for key, value in read_object(text).items() if key not in into}
    except Damaged as damaged:
        raise RowRefused(damaged.code, _pointer(name.removesuffix(".*")), damaged.detail) from None


def split_name(text: str) -> tuple[str, str]:
    """`Virtanen, Maija` and `Maija Virtanen`; of more words the first is the first name."""
    last, comma, first = text.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = text.partition(" ")
    return first, last.strip()


def _item(product_code: str, later: Mapping[str, str], currency: str) -> dict[str, Any]:
    quantity = later.get("order.quantity", "1").removesuffix(".0").removesuffix(",0")
    if not quantity.isdecimal() or not quantity.isascii() or len(quantity) > 9:
        raise Damaged("quantity-unreadable", "Write the quantity as a whole number.")
    price = _money(later.get("order.unit_price", "0"), currency)
    return {"product_code": product_code, "quantity": int(quantity), "unit_price": price}


def _money(text: str, currency: str) -> dict[str, Any]:
    return {"amount_minor": read_minor(text, currency), "currency": currency}


def _pointer(field: str) -> str:
    return "/" + field.replace("~", "~0").replace("/", "~1").replace(".", "/")
