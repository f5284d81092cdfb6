"""Puts mails into the ledger; the sender finds them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.envelope import Trace
from contracts.events.values import LeadRef
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails import store


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail:
    """One recipient, normalised. The newest version of the template is taken, and kept for repeats."""

    cause_id: UUID
    template: str
    recipient: str
    lead: LeadRef
    variables: dict[str, Any]
    trace: Trace


async def queue_emails(work: UnitOfWork, emails: Sequence[NewEmail]) -> None:
    """N5.1: one mail per (event, recipient, template) ever; one that is there already is left as it is."""
    if emails:
        await store.insert_emails(work, [_row(email) for email in emails])


def _row(email: NewEmail) -> dict[str, Any]:
    return {
        "id": new_id("eml"),
        "cause_id": email.cause_id,
        "template": email.template,
        "recipient": email.recipient,
        "domain": email.recipient.rpartition("@")[2],
        "lead_id": email.lead.lead_id,
        "lead": email.lead,
        "variables": email.variables,
        "trace": email.trace,
    }
