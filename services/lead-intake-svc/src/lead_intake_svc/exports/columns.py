"""The columns of an export, named as an import names its fields, so that an export can be imported: pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from lead_intake_svc.imports.repair import WITHOUT_MINOR
from lead_intake_svc.leads.answers import Lead

Value = str | int | float | bool | None
Getter = Callable[[Lead], Value]
# Ours, not the sender's: an import leaves them alone.
_STATE = (
    "id", "partner_id", "project_id", "sponsor_id", "contact_list_id", "status", "reason", "held", "priority",
    "contact_status", "agent_id", "duplicate_of", "billable",
)  # fmt: skip
_SENT = (
    "external_id", "first_name", "last_name", "phone", "email", "location", "comments", "contact_time",
    "replacement_for", "test",
)  # fmt: skip
_INSIDE = {
    "address": ("street", "postcode", "city", "country"),
    "account": ("external_id", "name"),
    "consent": ("given_at", "text", "ip", "source_url", "certificate_url"),
    "order": ("number", "status"),
}
FREE = ("address.", "custom.", "account.fields.")
DEFAULT = (
    "id", "external_id", "project_id", "partner_id", "status", "reason", "location", "first_name", "last_name", "phone",
    "email", "address.street", "address.postcode", "address.city", "address.country", "account.external_id",
    "account.name", "consent.given_at", "consent.text", "consent.ip", "consent.source_url", "consent.certificate_url",
    "order.number", "order.status", "order.total", "order.currency", "order.product_code", "order.quantity",
    "order.unit_price", "order.items", "comments", "contact_time", "replacement_for", "test", "received_at",
    "address.*", "account.fields.*", "custom.*",
)  # fmt: skip
MAX_COLUMNS = 200


def getter_of(name: str) -> Getter | None:
    """None when leads have no such column."""
    if name in _COMPUTED:
        return _COMPUTED[name]
    if name in _STATE or name in _SENT:
        return lambda lead: _plain(getattr(lead, name, None))
    head, _, rest = name.partition(".")
    if rest in _INSIDE.get(head, ()):
        return lambda lead: _plain((getattr(lead, head) or {}).get(rest))
    if name.startswith("account.fields.") and rest != "fields.":
        key = name.removeprefix("account.fields.")
        return lambda lead: _plain(((lead.account or {}).get("fields") or {}).get(key))
    if name.startswith(FREE) and rest:
        return lambda lead: _plain((getattr(lead, head) or {}).get(rest))
    return None


def row_of(lead: Lead, getters: Sequence[Getter]) -> list[Value]:
    return [get(lead) for get in getters]


def _plain(value: Any) -> Value:
    """What nests is told in words, as it cannot be put into one cell."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _money(money: Mapping[str, Any] | None) -> str | None:
    """As an import reads it: with two decimals, except in currencies without minor units."""
    if money is None:
        return None
    minor, currency = money["amount_minor"], money["currency"]
    if currency in WITHOUT_MINOR:
        return str(minor)
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


def _json(value: Any) -> str | None:
    """What has no column of its own, in one cell."""
    return msgspec.json.encode(value).decode() if value else None


def _rest_of_address(lead: Lead) -> Value:
    address = lead.address or {}
    return _json({name: value for name, value in address.items() if name not in _INSIDE["address"]})


def _items(lead: Lead) -> Value:
    """Of an order with several; one stands in columns."""
    items = _order(lead, "items") or []
    return _json(items) if len(items) > 1 else None


def _order(lead: Lead, name: str) -> Any:
    return (lead.order or {}).get(name)


def _item(lead: Lead, name: str) -> Any:
    """Of an order with one item."""
    items = _order(lead, "items") or []
    return items[0].get(name) if len(items) == 1 else None


def _currency(lead: Lead) -> Value:
    money = _order(lead, "total") or _item(lead, "unit_price")
    return money["currency"] if money else None


_COMPUTED: Mapping[str, Getter] = {
    "received_at": lambda lead: lead.received_at.isoformat(),
    "updated_at": lambda lead: lead.updated_at.isoformat() if lead.updated_at else None,
    "order.total": lambda lead: _money(_order(lead, "total")),
    "order.currency": _currency,
    "order.product_code": lambda lead: _plain(_item(lead, "product_code")),
    "order.quantity": lambda lead: _plain(_item(lead, "quantity")),
    "order.unit_price": lambda lead: _money(_item(lead, "unit_price")),
    "order.items": _items,
    "address.*": _rest_of_address,
    "account.fields.*": lambda lead: _json((lead.account or {}).get("fields")),
    "custom.*": lambda lead: _json(lead.custom),
}
