"""From the cells of a row to the body of a push, by a mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from contracts.events.values import Problem
from lead_intake_svc.checks.phone import normalise_phone
from lead_intake_svc.checks.problem import REJECT
from lead_intake_svc.imports.repair import Damaged, clean, read_minor, read_time, read_yes_no, repair_phone, with_plus

_SPLIT_LATER = frozenset({"order.total", "order.unit_price", "order.currency", "order.quantity", "full_name"})


@dataclass(frozen=True, slots=True)
class Row:
    """`line` counts records from 1, the header and blank ones included, as spreadsheets do."""

    line: int
    cells: Sequence[str]


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

    def __post_init__(self) -> None:
        places = [(i, self.mapping[name]) for i, name in enumerate(self.columns) if name in self.mapping]
        object.__setattr__(self, "_places", places)

    def body(self, row: Row) -> dict[str, Any]:
        """Raises RowRefused."""
        cells = row.cells
        if len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
            raise RowRefused("row-too-wide", None, "The row has more cells than the file has columns.")
        body: dict[str, Any] = {"project_id": self.project_id}
        if self.contact_list_id is not None:
            body["contact_list_id"] = self.contact_list_id
        later: dict[str, str] = {}
        places: list[tuple[int, str]] = self._places  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] -- made once, above
        for place, field in places:
            text = clean(cells[place]) if place < len(cells) else ""
            if not text:
                continue
            if not text.isascii() and "\ufffd" in text:
                raise RowRefused("encoding-broken", _pointer(field), "A character is not of the file's encoding.")
            if "\0" in text:
                raise RowRefused("character-nul", _pointer(field), "The cell holds a NUL character.")
            if field in _SPLIT_LATER:
                later[field] = text
            else:
                self._put(body, field, text)
        if later:
            _put_together(body, later)
        body.setdefault("external_id", f"{self.id_prefix}-{row.line}")
        return body

    def _put(self, body: dict[str, Any], field: str, text: str) -> None:
        try:
            value = self._value(field, text)
        except Damaged as damaged:
            raise RowRefused(damaged.code, _pointer(field), damaged.detail) from None
        head, dot, rest = field.partition(".")
        if not dot:
            body[head] = value
        elif head == "account" and rest.startswith("fields."):
            body.setdefault("account", {}).setdefault("fields", {})[rest.removeprefix("fields.")] = value
        else:
            body.setdefault(head, {})[rest] = value

    def _value(self, field: str, text: str) -> Any:
        match field:
            case "phone":
                return self._phone(text)
            case "consent.given_at":
                return read_time(text, self.zone)
            case "test":
                return read_yes_no(text)
            case "location" | "order.status":
                return text.lower()
            case _:
                return text

    def _phone(self, text: str) -> str:
        """A plus sign that got lost is put back where the number exists with it, and not without it."""
        repaired = repair_phone(text)
        if repaired.startswith("+") or normalise_phone(repaired, self.region) is not None:
            return repaired
        international = with_plus(repaired)
        found = international and normalise_phone(international, self.region)
        return found or repaired


def _put_together(body: dict[str, Any], later: Mapping[str, str]) -> None:
    full_name = later.get("full_name")
    if full_name is not None:
        first, last = split_name(full_name)
        body.setdefault("first_name", first)
        body.setdefault("last_name", last)
    currency = later.get("order.currency", "").upper()
    try:
        if "order.total" in later:
            body.setdefault("order", {})["total"] = _money(later["order.total"], currency)
        if "order" in body and "product_code" in body["order"]:
            body["order"]["items"] = [_item(body["order"].pop("product_code"), later, currency)]
    except Damaged as damaged:
        raise RowRefused(damaged.code, "/order", damaged.detail) from None


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
