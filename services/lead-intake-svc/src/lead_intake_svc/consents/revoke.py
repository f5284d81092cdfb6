"""Whoever revokes their consent is left alone at once (I2.25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.events.intake import ConsentRevokedV1
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import not_found

from lead_intake_svc.consents import store
from lead_intake_svc.progress.store import add_entries


@dataclass(frozen=True, slots=True)
class Revoker:
    """`partner_id`: only that partner's leads; None: everybody's."""

    actor: str
    partner_id: str | None


async def revoke_of_lead(work: UnitOfWork, lead_id: str, revoker: Revoker) -> datetime:
    """Since when it is revoked. Raises 404."""
    if await store.find(work, lead_id, revoker.partner_id) is None:
        raise not_found()
    await _revoke(work, [lead_id], revoker)
    row = await store.find(work, lead_id, revoker.partner_id)
    assert row is not None  # noqa: S101 -- leads are not deleted
    return row["consent_revoked_at"] or datetime.now(UTC)


async def revoke_of_person(work: UnitOfWork, kind: str, value: str, revoker: Revoker) -> int:
    """How many leads that concerned now. `value` normalised."""
    return await _revoke(work, await store.leads_of(work, kind, value), revoker)


async def _revoke(work: UnitOfWork, lead_ids: Sequence[str], revoker: Revoker) -> int:
    now = datetime.now(UTC)
    rows = await store.revoke(work, lead_ids, revoker.partner_id, now)
    entries: list[tuple[object, ...]] = []
    for row in rows:
        lead = LeadRef(**{name: row[name] for name in LeadRef.__struct_fields__})
        event = ConsentRevokedV1(lead=lead, revoked_at=now, actor=revoker.actor)
        message = work.publish(event, sequence=row["version"])
        entries.append((lead.lead_id, now, message.id, revoker.actor, event.type, "Consent revoked", {}))
    if entries:
        await add_entries(work, entries)
    return len(rows)
