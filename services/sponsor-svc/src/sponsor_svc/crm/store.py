"""SQL of campaigns that a CRM announces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from asyncpg import Record
from contracts.events.sponsor import Contact
from messaging.unit_of_work import UnitOfWork

# Two announcements of the same campaign wait for each other, also before there is a row to lock.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('crm campaign ' || $1, 0))"
_FIND = """
SELECT c.*, p.state, (SELECT count(*) FROM crm_contacts AS k WHERE k.campaign_id = c.external_id
    AND k.released_at IS NOT NULL) AS released
FROM crm_campaigns AS c JOIN projects AS p ON p.id = c.project_id WHERE c.external_id = $1
"""
_INSERT = "INSERT INTO crm_campaigns (external_id, project_id, contact_list_id) VALUES ($1, $2, $3)"
# What was released is intake's; until then, the last word counts.
_KEEP = """
WITH kept AS (
    INSERT INTO crm_contacts AS k (campaign_id, external_id, contact)
    SELECT $1, asked.external_id, asked.contact FROM unnest($2::text[], $3::jsonb[]) AS asked (external_id, contact)
    ON CONFLICT (campaign_id, external_id) DO UPDATE SET contact = excluded.contact
    WHERE k.released_at IS NULL AND k.contact <> excluded.contact
    RETURNING xmax = 0 AS new
)
UPDATE crm_campaigns SET contacts = contacts + (SELECT count(*) FROM kept WHERE new), version = version + 1,
    updated_at = now()
WHERE external_id = $1 AND EXISTS (SELECT FROM kept)
"""
# The campaign's lock keeps its portions in order, and workers from waiting for each other. Of a released contact
# only its id stays here: the person is intake's, and forgotten there.
_TAKE = """
WITH campaign AS (
    SELECT c.external_id, c.project_id, c.contact_list_id
    FROM crm_campaigns AS c JOIN projects AS p ON p.id = c.project_id
    WHERE p.state = 'active' AND EXISTS (
        SELECT FROM crm_contacts AS k WHERE k.campaign_id = c.external_id AND k.released_at IS NULL)
    LIMIT 1 FOR UPDATE OF c SKIP LOCKED
),
portion AS (
    SELECT k.campaign_id, k.external_id, k.contact
    FROM crm_contacts AS k JOIN campaign AS c ON k.campaign_id = c.external_id
    WHERE k.released_at IS NULL ORDER BY k.position LIMIT $1
)
UPDATE crm_contacts AS k SET released_at = now(), contact = '{}' FROM portion, campaign
WHERE k.campaign_id = portion.campaign_id AND k.external_id = portion.external_id
RETURNING campaign.external_id AS campaign_id, campaign.project_id, campaign.contact_list_id, k.external_id,
    portion.contact
"""
# Whoever announces has it shared: an erasure waits for them, and finds their contacts, or they wait for it.
_ANNOUNCE = "SELECT pg_advisory_xact_lock_shared(hashtextextended('sponsor-svc.contacts', 0))"
_KEEP_OUT = "SELECT pg_advisory_xact_lock(hashtextextended('sponsor-svc.contacts', 0))"
_WAITING = """
SELECT campaign_id, position, external_id, contact FROM crm_contacts
WHERE released_at IS NULL AND (campaign_id, position) > ($1, $2) ORDER BY campaign_id, position LIMIT $3 FOR UPDATE
"""
# Without content it is as if it had been released.
_CLEAN = """
UPDATE crm_contacts SET contact = $3, released_at = CASE WHEN $3::jsonb = '{}' THEN now() END
WHERE campaign_id = $1 AND external_id = $2
"""
_RELEASED = {
    "outbox": "SELECT position AS id, body FROM outbox WHERE type = 'sponsor.contacts.released.v1'",
    "dead_letters": "SELECT id, body FROM dead_letters WHERE type = 'sponsor.contacts.released.v1' FOR UPDATE",
}
_KEEP_MESSAGE = {
    "outbox": "UPDATE outbox SET body = $2 WHERE position = $1",
    "dead_letters": "UPDATE dead_letters SET body = $2 WHERE id = $1",
}


@dataclass(frozen=True, slots=True)
class Portion:
    campaign_id: str
    project_id: str
    contact_list_id: str
    contacts: Mapping[str, Contact]


async def lock(work: UnitOfWork, external_id: str) -> None:
    await work.execute(_ANNOUNCE)
    await work.execute(_LOCK, external_id)


async def keep_announcements_out(work: UnitOfWork) -> None:
    """Until this transaction ends."""
    await work.execute(_KEEP_OUT)


async def find(work: UnitOfWork, external_id: str) -> Record | None:
    return await work.fetchrow(_FIND, external_id)


async def insert(work: UnitOfWork, external_id: str, project_id: str, contact_list_id: str) -> None:
    await work.execute(_INSERT, external_id, project_id, contact_list_id)


async def keep_contacts(work: UnitOfWork, external_id: str, contacts: Mapping[str, Contact]) -> bool:
    """Whether anything is new or other than it was."""
    values: list[Any] = [msgspec.to_builtins(contact) for contact in contacts.values()]
    return await work.execute(_KEEP, external_id, list(contacts), values) == "UPDATE 1"


async def take_portion(work: UnitOfWork, limit: int) -> Portion | None:
    """Contacts of an active campaign that were never released, and are from now on."""
    rows: Sequence[Record] = await work.fetch(_TAKE, limit)
    if not rows:
        return None
    first = rows[0]
    contacts = {row["external_id"]: msgspec.convert(row["contact"], Contact) for row in rows}
    return Portion(first["campaign_id"], first["project_id"], first["contact_list_id"], contacts)


async def waiting_contacts(work: UnitOfWork, after: tuple[str, int], limit: int) -> list[Record]:
    """In an order of their own, after the campaign and position of the last one."""
    return await work.fetch(_WAITING, *after, limit)


async def clean_contact(work: UnitOfWork, campaign_id: str, external_id: str, contact: Mapping[str, Any]) -> None:
    await work.execute(_CLEAN, campaign_id, external_id, contact)


async def released_messages(work: UnitOfWork) -> dict[str, list[Record]]:
    """By table: those that are not sent yet, and those that could not be."""
    return {table: await work.fetch(statement) for table, statement in _RELEASED.items()}


async def keep_message(work: UnitOfWork, table: str, message_id: Any, body: bytes) -> None:
    await work.execute(_KEEP_MESSAGE[table], message_id, body)
