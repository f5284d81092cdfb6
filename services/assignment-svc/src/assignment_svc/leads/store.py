"""SQL of what intake and validation say about leads. Every statement takes a whole batch."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.hours import Place
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ENTER, ITEM_COLUMNS, KEPT_FOR, item_of

FIND_PLACES = "SELECT place_id, country, region, zones, hours FROM places"

ADD_PLACE = """
INSERT INTO places (country, region, zones, hours) VALUES ($1, $2, $3, $4)
ON CONFLICT (country, region, zones, hours) DO UPDATE SET country = excluded.country RETURNING place_id
"""

STORE = """
INSERT INTO leads AS l (lead_id, intake_version, partner_id, project_id, sponsor_id, contact_list_id, external_id,
    received_at, first_name, last_name, phone, email, email_domain, place_id, has_consent, content)
SELECT * FROM jsonb_to_recordset($1) AS c (lead_id text, intake_version bigint, partner_id text, project_id text,
    sponsor_id text, contact_list_id text, external_id text, received_at timestamptz, first_name text, last_name text,
    phone text, email text, email_domain text, place_id integer, has_consent boolean, content jsonb)
WHERE NOT EXISTS (SELECT FROM lead_facts f WHERE f.lead_id = c.lead_id AND f.fact = 'erasure')
ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET intake_version = excluded.intake_version, first_name = excluded.first_name,
    last_name = excluded.last_name, phone = excluded.phone, email = excluded.email,
    email_domain = excluded.email_domain, place_id = excluded.place_id, has_consent = excluded.has_consent,
    contact_list_id = excluded.contact_list_id, content = excluded.content
    WHERE l.intake_version < excluded.intake_version
RETURNING lead_id, xmax = 0 AS is_new
"""

CREATE = f"""
WITH moved AS (
    INSERT INTO work_items (lead_id, version, state, location, priority, after_validation, validated, expires_at)
    SELECT c.lead_id, 1, c.state, c.location, c.priority, c.after_validation, c.validated,
        CASE WHEN c.state <> 'held' THEN least(l.received_at + p.max_age, k.expires_at) END
    FROM jsonb_to_recordset($1) AS c (lead_id text, state text, location text, priority text, after_validation text,
        validated boolean)
    JOIN leads l USING (lead_id) LEFT JOIN projects p USING (project_id)
    LEFT JOIN contact_lists k USING (contact_list_id)
    RETURNING lead_id, state, priority, next_attempt_at, expires_at, 'none' AS old_state, false AS called_back
{ENTER}), told AS (
    INSERT INTO history (lead_id, version, event, data)
    SELECT lead_id, 1, CASE state WHEN 'pending' THEN 'pended' ELSE state END, '{{}}' FROM moved
)
SELECT lead_id FROM moved
"""

# The lead's number may now be elsewhere, and its account another: its place in the queue moves with it.
MOVE_PLACE = f"""
WITH mine AS MATERIALIZED (
    SELECT lead_id FROM queue WHERE lead_id = ANY($1::text[]) ORDER BY lead_id FOR UPDATE
), moved AS (
    UPDATE queue q SET place_id = l.place_id, reserved_for = {KEPT_FOR} FROM leads l, mine
    WHERE l.lead_id = q.lead_id AND q.lead_id = mine.lead_id
      AND (q.place_id <> l.place_id OR q.reserved_for <> {KEPT_FOR})
    RETURNING q.project_id, q.place_id
), new_place AS (
    INSERT INTO queue_places (project_id, place_id) SELECT DISTINCT project_id, place_id FROM moved
    ON CONFLICT DO NOTHING RETURNING 1
)
UPDATE reference_version SET version = version + 1 WHERE EXISTS (SELECT FROM new_place)
"""

PARTNER_HOURS = "SELECT partner_id, hours FROM partners WHERE partner_id = ANY($1::text[]) AND hours <> ''"

# Of the partner's open leads, those whose place has other hours than the partner.
PLACES_OF_PARTNER = """
SELECT DISTINCT pl.country, pl.region, pl.zones, pa.hours FROM partners pa JOIN leads l USING (partner_id)
JOIN places pl USING (place_id) JOIN work_items w USING (lead_id)
WHERE pa.partner_id = $1 AND pl.hours <> pa.hours
"""

SETTLE_PARTNER = """
WITH mine AS MATERIALIZED (
    SELECT lead_id FROM leads WHERE partner_id = $1 ORDER BY lead_id FOR NO KEY UPDATE
), settled AS (
    UPDATE leads l SET place_id = new.place_id FROM mine, partners pa, places old, places new
    WHERE l.lead_id = mine.lead_id AND pa.partner_id = $1 AND old.place_id = l.place_id AND old.hours <> pa.hours
      AND (new.country, new.region, new.zones, new.hours) = (old.country, old.region, old.zones, pa.hours)
    RETURNING l.lead_id
)
SELECT lead_id FROM settled
"""

STORE_ORDERS = """
WITH stored AS (
    INSERT INTO orders AS o (order_id, lead_id, project_id, number, status, items, total, edited)
    SELECT c.order_id, c.lead_id, l.project_id, c.number, c.status, c.items, c.total, false
    FROM jsonb_to_recordset($1) AS c (order_id text, lead_id text, number text, status text, items jsonb, total jsonb)
    JOIN leads l USING (lead_id)
    ON CONFLICT (lead_id, number) DO UPDATE SET status = excluded.status, items = excluded.items,
        total = excluded.total, version = o.version + 1, changed_at = now()
        WHERE NOT o.edited AND o.status = 'partial'
    RETURNING order_id, lead_id, o.version, o.number, o.status, o.items, o.total
), told AS (
    INSERT INTO history (lead_id, version, event, agent_id, data)
    SELECT lead_id, w.version, 'order_changed', w.agent_id, to_jsonb(s) - 'lead_id'
    FROM stored s JOIN work_items w USING (lead_id) WHERE s.version > 1
)
UPDATE work_items w SET order_id = s.order_id FROM stored s WHERE w.lead_id = s.lead_id AND s.version = 1
"""

# A held lead and its verdict meet in one row, so that neither can miss the other while both are under way.
LEAD_ARRIVES = """
INSERT INTO verdicts (lead_id, lead_known) SELECT lead_id, true FROM unnest($1::text[]) AS lead_id ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET lead_known = true
RETURNING lead_id, verdict, decided_by, note
"""

VERDICT_ARRIVES = """
INSERT INTO verdicts AS v (lead_id, lead_known, verdict, version, decided_by, note)
SELECT lead_id, false, verdict, version, decided_by, note
FROM jsonb_to_recordset($1) AS c (lead_id text, verdict text, version bigint, decided_by text, note text)
ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET verdict = excluded.verdict, version = excluded.version,
    decided_by = excluded.decided_by, note = excluded.note
    WHERE v.version < excluded.version
RETURNING lead_id, verdict, decided_by, note, lead_known
"""

SUPPRESSION_APPLIES = """
NOT s.removed AND (s.scope = 'global' OR (s.scope = 'sponsor' AND s.scope_id = l.sponsor_id)
OR (s.scope = 'project' AND s.scope_id = l.project_id))
"""

_OPEN = "w.state IN ('held', 'pending', 'queued', 'claimed', 'callback', 'offer_sent')"

SUPPRESSED_LEADS = f"""
SELECT DISTINCT ON (w.lead_id) {ITEM_COLUMNS}, s.suppression_id
FROM work_items w JOIN leads l USING (lead_id)
JOIN suppressions s ON s.identity = ANY(ARRAY['phone:' || l.phone, 'email:' || l.email, 'domain:' || l.email_domain])
WHERE w.lead_id = ANY($1::text[]) AND {_OPEN} AND {SUPPRESSION_APPLIES}
ORDER BY w.lead_id
"""


def _suppressed_by(column: str) -> str:
    return f"""
SELECT DISTINCT ON (w.lead_id) {ITEM_COLUMNS}, s.suppression_id
FROM suppressions s
JOIN leads l ON l.{column} = substr(s.identity, strpos(s.identity, ':') + 1)
JOIN work_items w ON w.lead_id = l.lead_id
WHERE s.suppression_id = ANY($1::text[]) AND s.identity LIKE $2 AND {_OPEN} AND {SUPPRESSION_APPLIES}
ORDER BY w.lead_id
"""


SUPPRESSED_BY = {
    kind: _suppressed_by(column)
    for kind, column in (("phone", "phone"), ("email", "email"), ("domain", "email_domain"))
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`verdict` is `confirmed` or `rejected`."""

    lead_id: str
    verdict: str
    decided_by: str | None
    note: str | None


async def read_place_ids(work: UnitOfWork) -> dict[Place, int]:
    rows = await work.fetch(FIND_PLACES)
    return {Place(row["country"], row["region"], tuple(row["zones"]), row["hours"]): row["place_id"] for row in rows}


async def add_place(work: UnitOfWork, place: Place) -> int:
    return int(await work.fetchval(ADD_PLACE, place.country, place.region, list(place.zones), place.hours))


async def store_leads(work: UnitOfWork, leads: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Per lead whose content was stored whether it is new.

    Leads that we know in a later version, or that were erased, are left out.
    """
    return {row["lead_id"]: row["is_new"] for row in await work.fetch(STORE, leads)}


async def create_items(work: UnitOfWork, items: Sequence[Mapping[str, Any]]) -> None:
    if items:
        await work.execute(CREATE, items)


async def move_places(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    if lead_ids:
        await work.execute(MOVE_PLACE, lead_ids)


async def read_partner_hours(work: UnitOfWork, partner_ids: Collection[str]) -> dict[str, str]:
    """Of those that have hours of their own."""
    rows = await work.fetch(PARTNER_HOURS, list(partner_ids))
    return {row["partner_id"]: row["hours"] for row in rows}


async def settle_partner(work: UnitOfWork, partner_id: str) -> list[str]:
    """The partner's leads get places with the partner's hours; says which ones moved."""
    for row in await work.fetch(PLACES_OF_PARTNER, partner_id):
        await add_place(work, Place(row["country"], row["region"], tuple(row["zones"]), row["hours"]))
    return [row["lead_id"] for row in await work.fetch(SETTLE_PARTNER, partner_id)]


async def store_orders(work: UnitOfWork, orders: Sequence[Mapping[str, Any]]) -> None:
    """Orders that an agent edited, or that are completed, stay as they are."""
    if orders:
        await work.execute(STORE_ORDERS, orders)


async def meet_verdicts(work: UnitOfWork, lead_ids: Sequence[str]) -> list[Verdict]:
    """Says that the held leads are here; returns the verdicts that were there before them."""
    rows = await work.fetch(LEAD_ARRIVES, lead_ids) if lead_ids else []
    return [_verdict(row) for row in rows if row["verdict"] is not None]


async def store_verdicts(work: UnitOfWork, verdicts: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """Returns those whose lead is here."""
    return [_verdict(row) for row in await work.fetch(VERDICT_ARRIVES, verdicts) if row["lead_known"]]


def _verdict(row: Record) -> Verdict:
    return Verdict(row["lead_id"], row["verdict"], row["decided_by"], row["note"])


async def find_suppressed(work: UnitOfWork, lead_ids: Collection[str]) -> list[tuple[WorkItem, str]]:
    """Open items among the leads to which a suppression applies, each with one."""
    rows = await work.fetch(SUPPRESSED_LEADS, list(lead_ids))
    return [(item_of(row), row["suppression_id"]) for row in rows]


async def find_suppressed_by(work: UnitOfWork, kind: str, suppression_ids: Sequence[str]) -> list[tuple[WorkItem, str]]:
    """Open items to which the suppressions of that kind apply."""
    rows = await work.fetch(SUPPRESSED_BY[kind], suppression_ids, f"{kind}:%")
    return [(item_of(row), row["suppression_id"]) for row in rows]
