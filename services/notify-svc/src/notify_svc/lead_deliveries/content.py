"""The outward shapes of a lead: pure rules."""

from typing import Any

from contracts.events.intake import LeadContent, LeadSoldV1

_TAKEN = ("first_name", "last_name", "phone", "email", "address")


def outward_lead(lead: LeadContent) -> dict[str, Any]:
    """What a sponsor receives: no partner, no price, nothing of our checks."""
    return {
        "lead_id": lead.lead.lead_id,
        "project_id": lead.lead.project_id,
        "sponsor_id": lead.lead.sponsor_id,
        "contact_list_id": lead.lead.contact_list_id,
        "test": lead.lead.test,
        "received_at": lead.received_at,
        "billable": lead.billable,
        "country": lead.country,
        "person": lead.person,
        "account": lead.account,
        "order": lead.order,
        "consent": lead.consent,
        "comments": lead.comments,
        "contact_time": lead.contact_time,
        "custom": lead.custom,
    }


def sold_lead(sold: LeadSoldV1) -> dict[str, Any]:
    """What a buyer receives: of our sponsors and lists it hears nothing."""
    lead = outward_lead(sold)
    for ours in ("project_id", "sponsor_id", "contact_list_id", "billable"):
        del lead[ours]
    return lead | {"sale_id": sold.sale_id, "sold_at": sold.sold_at}


def pushed_lead(sold: LeadSoldV1, target_project_id: str) -> dict[str, Any]:
    """The body of `POST /v1/leads` at a buyer that runs Leadwire: our lead id is its `external_id`."""
    person = {name: getattr(sold.person, name) for name in _TAKEN}
    others = {name: getattr(sold, name) for name in ("account", "order", "consent", "comments", "contact_time")}
    known = {name: value for name, value in (person | others).items() if value is not None}
    return known | {
        "external_id": sold.lead.lead_id,
        "project_id": target_project_id,
        "custom": sold.custom,
        "test": sold.lead.test,
    }


def mail_facts(sold: LeadSoldV1) -> dict[str, Any]:
    """Text for every variable of the template `lead-sold`: it is strict about undefined ones."""
    person, account = sold.person, sold.account
    address = person.address or {}
    return {
        "id": sold.lead.lead_id,
        "first_name": person.first_name or "",
        "last_name": person.last_name or "",
        "phone": person.phone or "",
        "email": person.email or "",
        "company": (account.name or account.external_id) if account else "",
        "address": ", ".join(str(part) for part in address.values() if isinstance(part, str | int)),
        "contact_time": sold.contact_time or "",
        "comments": sold.comments or "",
    }
