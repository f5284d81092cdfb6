"""Puts mails into the ledger, where the sender finds them, or into a digest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Trace
from contracts.events.values import LeadRef
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork

from notify_svc.digests.periods import next_due
from notify_svc.digests.store import insert_items
from notify_svc.emails import store
from notify_svc.erasure.store import hold_off_erasure
from notify_svc.recipients.preferences import NO_PREFERENCES, Preferences
from notify_svc.recipients.store import read_preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail:
    """One recipient, normalised. The newest version of the template is taken, and kept for repeats.

    `digest` is `immediate`, `hourly` or `daily` where the mail may wait for others, None where it may not; what the
    recipient prefers goes first. `at_once`: quiet hours do not hold it. `to_person`: the recipient is the lead.
    """

    cause_id: UUID
    template: str
    recipient: str
    lead: LeadRef | None
    variables: dict[str, Any]
    trace: Trace
    template_version: int | None = None
    digest: str | None = None
    at_once: bool = False
    to_person: bool = False


async def queue_emails(work: UnitOfWork, emails: Sequence[NewEmail]) -> None:
    """N5.1: one mail per (event, recipient, template) ever; one that is there already is left as it is.

    Nothing is queued about a lead that was erased.
    """
    if not emails:
        return
    await hold_off_erasure(work)
    may_wait = sorted({email.recipient for email in emails if email.digest is not None})
    preferences = await read_preferences(work, may_wait) if may_wait else {}
    modes = [_mode(email, preferences) for email in emails]
    now = [_row(email) for email, mode in zip(emails, modes, strict=True) if mode == "immediate"]
    if now:
        await store.insert_emails(work, now)
    later = [(email, mode) for email, mode in zip(emails, modes, strict=True) if mode != "immediate"]
    if later:
        await insert_items(work, [_item(email, mode, preferences) for email, mode in later])


def _mode(email: NewEmail, preferences: dict[str, Preferences]) -> str:
    if email.digest is None:
        return "immediate"
    return preferences.get(email.recipient, NO_PREFERENCES).digest or email.digest


def _row(email: NewEmail) -> dict[str, Any]:
    return {
        "id": new_id("eml"),
        "cause_id": email.cause_id,
        "template": email.template,
        "template_version": email.template_version,
        "recipient": email.recipient,
        "domain": email.recipient.rpartition("@")[2],
        "lead_id": email.lead.lead_id if email.lead else None,
        "sponsor_id": email.lead.sponsor_id if email.lead else None,
        "lead": email.lead,
        "variables": email.variables,
        "trace": email.trace,
        "at_once": email.at_once,
        "to_person": email.to_person,
    }


def _item(email: NewEmail, mode: str, preferences: dict[str, Preferences]) -> dict[str, Any]:
    wishes = preferences.get(email.recipient, NO_PREFERENCES)
    return {
        "cause_id": email.cause_id,
        "recipient": email.recipient,
        "template": email.template,
        "mode": mode,
        "lead_id": email.lead.lead_id if email.lead else None,
        "variables": email.variables,
        "due_at": next_due(replace(wishes, digest=mode), datetime.now(UTC)),
    }
