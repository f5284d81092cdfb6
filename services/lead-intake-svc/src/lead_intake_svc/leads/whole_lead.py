"""A stored lead as others are told of it: pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
from asyncpg import Record
from contracts.events.values import Account, Consent, LeadRef, Order, Person, Problem

Row = Record | Mapping[str, Any]


def lead_ref(lead: Row) -> LeadRef:
    return LeadRef(
        lead_id=lead["id"],
        partner_id=lead["partner_id"],
        project_id=lead["project_id"],
        sponsor_id=lead["sponsor_id"],
        contact_list_id=lead["contact_list_id"],
        test=lead["test"],
    )


def lead_content(lead: Row) -> dict[str, Any]:
    """The fields of `LeadContent`, from a stored lead."""
    content: dict[str, Any] = lead["content"]
    person = {name: lead[name] for name in ("first_name", "last_name", "phone", "email")}
    return {
        "lead": lead_ref(lead),
        "external_id": lead["external_id"],
        "received_at": lead["received_at"],
        "location": lead["location"],
        "priority": lead["priority"],
        "hold": lead["held"],
        "person": Person(**person, address=content.get("address")),
        "after_validation": lead["after_validation"] or "queue",
        "country": lead["region"],
        "account": msgspec.convert(content.get("account"), Account | None),
        "order": msgspec.convert(content.get("order"), Order | None),
        "consent": msgspec.convert(content.get("consent"), Consent | None),
        "comments": content.get("comments"),
        "contact_time": content.get("contact_time"),
        "custom": content.get("custom", {}),
        "problems": msgspec.convert(lead["problems"], list[Problem]),
        "billable": lead["billable"],
        "replacement_for": content.get("replacement_for"),
    }
