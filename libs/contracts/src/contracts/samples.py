"""Example messages made from the schemas, the same ones every time. No person in them exists."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.envelope import Envelope, schema_uri
from contracts.event import EVENT_TYPES
from contracts.schemas import Schema, resolve

_ID = "01kb2v7xq8e9zr4m5n6p7s8t9w"
_FORMATS = {"date-time": "2026-03-02T09:15:00Z", "date": "2026-06-30", "uuid": "019cad1f-5a20-7000-8000-000000000001"}
_JSON_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}

# By `LeadExpiredV1.reason`, `Lead.reason` or `reason`, the first that has the right type. A field that is missing here
# gets a value after its type and name.
_VALUES: dict[str, Any] = {
    "access_level": "leads_agent",
    "action": "reject",
    "AuditRecordedV1.action": "changed",
    "AuditRecordedV1.entry_id": f"aud_{_ID}",
    "AuditRecordedV1.access_level": "admin",
    "AuditRecordedV1.details": {"fields": ["priority"]},
    "AuditRecordedV1.subjects": [f"lead_{_ID}"],
    "FieldChange.field": "priority",
    "FieldChange.before": "normal",
    "FieldChange.after": "high",
    "object_kind": "partner",
    "object_id": f"ptr_{_ID}",
    "operation": "PATCH /v1/partners/{partner_id}",
    "alarm": "speed-to-lead",
    "answer": "The number was checked on the day of sale.",
    "answers": {"satisfied": True, "why": "price"},
    "actor": f"user_{_ID}",
    "address": {"street": "Esimerkkikatu 1", "postal_code": "00100", "city": "Helsinki", "country": "FI"},
    "after_validation": "queue",
    "amount_minor": 4990,
    "checks": {"phone-invalid": "reject", "email-invalid": "warn"},
    "code": "ACME",
    "comments": "Would like to hear about the yearly plan.",
    "contact_time": "weekdays after 16",
    "cool_down_minutes": 30,
    "country": "FI",
    "currency": "EUR",
    "custom": {"newsletter": True, "household_size": 3, "interests": ["solar", "heat pump"]},
    "days": [1, 2, 3, 4, 5],
    "decided_by": f"user_{_ID}",
    "detail": "The number has one digit too few.",
    "disposition": "Not interested",
    "EmailBouncedV1.kind": "bounce",
    "EmailBouncedV1.reason": "5.1.1 mailbox does not exist",
    "email": "aino.esimerkki@example.com",
    "evidence": {"attempts": 2, "last_outcome": "no-answer"},
    "external_id": "CRM-100234",
    "field": "phone",
    "Account.fields": {"industry": "Construction"},
    "DuplicateRules.fields": "both",
    "first_name": "Aino",
    "from": "09:00",
    "ip": "192.0.2.10",
    "kind": "outbound",
    "Suppression.kind": "phone",
    "SuppressionEntry.kind": "phone",
    "last_name": "Esimerkki",
    "level": "warn",
    "location": "queue",
    "mode": "custom",
    "ReturnProposedV1.mode": "ask",
    "ReturnProposedV1.reason": "wrong number",
    "held_leads": "keep",
    "propose_return": "ask",
    "stale_suppressions": "warn",
    "required_fields": ["first_name", "phone"],
    "suppressed_names": ["test"],
    "CustomCheck.name": "size",
    "CustomCheck.field": "custom.size",
    "CustomCheck.pattern": "[0-9]+",
    "CustomCheck.level": "reject",
    "purchase_notification_mode": "hourly",
    "ValidationRules.max_attempts": 5,
    "lock_minutes": 10,
    "max_age_hours": 720,
    "max_attempts": 5,
    "Account.name": "Example Builders Oy",
    "ContactList.name": "Fair visitors, spring",
    "Partner.name": "Leads and More Oy",
    "Product.name": "Solar panels 5 kW",
    "Project.name": "Solar panels, spring",
    "Sponsor.name": "Example Energy Oy",
    "User.name": "Elli Esimerkki",
    "note": "Asked to be called back in the afternoon.",
    "Order.number": "SO-2026-00042",
    "order": "newest",
    "outcome": "no-answer",
    "phone": "+447700900123",  # from the range that is kept for fiction
    "permissions": ["leads:read", "leads:claim"],
    "priority": "normal",
    "Problem.code": "phone-invalid",
    "product_code": "SOLAR-5KW",
    "quantity": 2,
    "Email.reason": "550 5.1.1 no such mailbox",
    "EmailSuppressedV1.reason": "bounced",
    "LeadExpiredV1.reason": "age",
    "LeadWithdrawnV1.reason": "return-requested",
    "LeadRestoredV1.state": "queued",
    "Return.reason": "wrong number",
    "Return.comment": "Three calls, never the right person.",
    "ReturnLapsedV1.outcome": "accepted",
    "SaleReturnLapsedV1.outcome": "accepted",
    "SaleReturn.reason": "wrong number",
    "SaleReturn.comment": "The number belongs to somebody else.",
    "direction": "from_partner",
    "Webhook.reason": "410",
    "BillableEvent.reason": "not in the area",
    "purpose": "event",
    "LeadInvalidatedV1.reason": "wrong number",
    "LeadReopenedV1.reason": "order cancelled",
    "reason": "duplicate",
    "recipient": "leads@partner.example",
    "region": "FI",
    "scope": "project",
    "state": "active",
    "status": "active",
    "Order.status": "completed",
    "status_after_request": "queue",
    "template": "lead-purchased",
    "text": "I agree to be contacted by telephone.",
    "time_zone": "Europe/Helsinki",
    "until": "17:00",
    "value": "+447700900123",
    "via": "manual",
    "window_days": 90,
}


def example_envelope(event_type: str, *, full: bool) -> Envelope:
    """A message of the type with every field there is, or with the required ones only."""
    schema = msgspec.json.schema(EVENT_TYPES[event_type])
    data = msgspec.json.encode(_Sampler(schema, full=full).value(schema, ""))
    optional = {"correlationid": f"request_{_ID}", "causationid": _FORMATS["uuid"], "traceparent": _TRACEPARENT}
    return Envelope(
        specversion="1.0",
        id=_message_id(event_type),
        source=f"urn:leadwire:{event_type.split('.', 1)[0]}",
        type=event_type,
        subject=msgspec.json.decode(data, type=EVENT_TYPES[event_type]).subject,
        time=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
        datacontenttype="application/json",
        dataschema=schema_uri(event_type),
        sequence=1,
        data=msgspec.Raw(data),
        **(optional if full else {}),
    )


_TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _message_id(event_type: str) -> UUID:
    """A UUIDv7 of the sample's time whose random part is the type's hash."""
    random_bits = int.from_bytes(hashlib.sha256(event_type.encode()).digest()[:7], "big")
    return UUID(int=(0x019CAD1F5A20 << 80) | (0x7 << 76) | (0b10 << 62) | random_bits)


class _Sampler:
    def __init__(self, root: Schema, *, full: bool) -> None:
        self._root = root
        self._full = full

    def value(self, schema: Schema, name: str, struct: str = "") -> Any:
        schema = resolve(schema, self._root)
        if "anyOf" in schema:
            return self.value(next(option for option in schema["anyOf"] if option != {"type": "null"}), name, struct)
        if "properties" in schema:
            return self._struct(schema)
        if "enum" in schema:
            return schema["enum"][0]
        for key in (f"{struct}.{name}", f"{_entity(struct)}.{name}", name):
            if key in _VALUES and isinstance(_VALUES[key], _JSON_TYPES.get(schema.get("type", ""), object)):
                return _VALUES[key]
        return self._by_type(schema, name)

    def _struct(self, schema: Schema) -> dict[str, Any]:
        names = schema["properties"] if self._full else schema["required"]
        return {name: self.value(schema["properties"][name], name, schema["title"]) for name in names}

    def _by_type(self, schema: Schema, name: str) -> Any:
        match schema.get("type"):
            case "array":
                return [self.value(schema["items"], name.removesuffix("s"))]
            case "object":
                inner = schema.get("additionalProperties", {})
                return {"key": self.value(inner, name) if isinstance(inner, dict) else True}
            case "string":
                return _FORMATS.get(schema.get("format", "")) or _string(name)
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case _:
                return True


def _entity(struct: str) -> str:
    """`ContactList` of `ContactListExpiredV1`."""
    return re.sub(r"[A-Z][a-z]+V\d+$", "", struct)


def _string(name: str) -> str:
    match name.rpartition("_")[2]:
        case "id":
            return f"{name.removesuffix('_id')}_{_ID}"
        case "email":
            return "someone@example.com"
        case "url":
            return "https://www.example.com/" + name.removesuffix("_url")
        case "code":
            return name.upper().replace("_", "-")
        case _:
            return name.replace("_", " ")
