"""SQL of the log of facts, and of the zone that buckets are cut in."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from sponsor_svc.statistics.fact import Fact
from sponsor_svc.statistics.revisions import Revised, Revision

_COLUMNS = "id, at, lead_id, version, sponsor_id, project_id, contact_list_id, partner_id, tally, stands_in"
_READ = ", ".join(f"f.{column}" for column in _COLUMNS.split(", "))

APPEND = f"""
INSERT INTO facts ({_COLUMNS}, track, reopens)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::jsonb[], $10::boolean[], $11::text[], $12::boolean[])
ON CONFLICT (id) DO NOTHING
RETURNING id
"""

# What is said of a lead side by side must see each other, whichever commits first: an outcome and its reopening, a fact
# and the last word about its lead.
LOCK_LEADS = """
SELECT pg_advisory_xact_lock(hashtextextended(lead_id, 12))
FROM (SELECT DISTINCT lead_id FROM unnest($1::text[]) AS t (lead_id) ORDER BY lead_id) AS one_by_one
"""

KEEP_REVISIONS = """
INSERT INTO revised_leads AS r (lead_id, version, contact_list_id, stands_in)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::boolean[])
ON CONFLICT (lead_id) DO UPDATE
SET version = excluded.version, contact_list_id = excluded.contact_list_id, stands_in = excluded.stands_in
WHERE r.version < excluded.version
"""

REVISE = f"""
UPDATE facts AS f SET contact_list_id = r.contact_list_id, stands_in = r.stands_in
FROM revised_leads AS r JOIN facts AS old ON old.lead_id = r.lead_id
WHERE r.lead_id = ANY($1::text[]) AND f.id = old.id
    AND (old.contact_list_id, old.stands_in) IS DISTINCT FROM (r.contact_list_id, r.stands_in)
RETURNING {_READ}, f.undone, old.contact_list_id AS old_list, old.stands_in AS stood_in
"""

UNDO = f"""
UPDATE facts AS f SET undone = true
FROM (
    SELECT lead_id, track, max(version) AS version FROM facts
    WHERE track IS NOT NULL AND reopens AND lead_id = ANY($1::text[]) GROUP BY lead_id, track
) AS reopened
WHERE f.track = reopened.track AND f.lead_id = reopened.lead_id AND f.version < reopened.version
    AND NOT f.reopens AND NOT f.undone
RETURNING {_READ}
"""

# The zone that is read after it holds until the counts are written: whoever counts everything again waits, or is over.
HOLD_OFF_REBUILD = "LOCK TABLE counters IN ROW EXCLUSIVE MODE"
ZONE = "SELECT time_zone FROM statistics_zone"
SET_ZONE = "UPDATE statistics_zone SET time_zone = $1"
# Writers wait until it is over, with their messages kept; readers see what was there before.
BEGIN_AGAIN = (
    "LOCK TABLE counters, breakdowns IN EXCLUSIVE MODE",
    "DELETE FROM counters",
    "DELETE FROM breakdowns",
)
EVERYTHING = f"SELECT {_READ} FROM facts AS f WHERE NOT f.undone AND NOT f.reopens"


async def append(work: UnitOfWork, facts: Sequence[Fact]) -> list[Fact]:
    """Those that were not there: an event that comes after the inbox has forgotten it is not counted again, either."""
    rows = await work.fetch(
        APPEND,
        [f.id for f in facts],
        [f.at for f in facts],
        [f.lead_id for f in facts],
        [f.version for f in facts],
        [f.sponsor_id for f in facts],
        [f.project_id for f in facts],
        [f.contact_list_id for f in facts],
        [f.partner_id for f in facts],
        [f.tally for f in facts],
        [f.stands_in for f in facts],
        [f.tally.track for f in facts],
        [f.tally.reopens for f in facts],
    )
    new = {row["id"] for row in rows}
    return [fact for fact in facts if fact.id in new]


async def lock_leads(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    await work.execute(LOCK_LEADS, lead_ids)


async def revise(work: UnitOfWork, revisions: Sequence[Revision], lead_ids: Sequence[str]) -> list[Revised]:
    """What was counted of these leads, and holds, otherwise than the last word about them says."""
    if revisions:
        values = ((each.lead_id, each.version, each.contact_list_id, each.stands_in) for each in revisions)
        await work.execute(KEEP_REVISIONS, *zip(*values, strict=True))
    rows = await work.fetch(REVISE, lead_ids)
    return [_revised(row) for row in rows if not row["undone"]]


def _revised(row: Record) -> Revised:
    now = _fact(row)
    return Revised(replace(now, contact_list_id=row["old_list"], stands_in=row["stood_in"]), now)


async def undo(work: UnitOfWork, lead_ids: Sequence[str]) -> list[Fact]:
    """Marks the outcomes of these leads that were reopened since, and gives back those that were not marked before."""
    return [_fact(row) for row in await work.fetch(UNDO, lead_ids)]


async def hold_off_rebuild(work: UnitOfWork) -> None:
    await work.execute(HOLD_OFF_REBUILD)


async def read_zone(work: UnitOfWork) -> tzinfo:
    return ZoneInfo(await work.fetchval(ZONE))


async def set_zone(work: UnitOfWork, name: str) -> None:
    await work.execute(SET_ZONE, name)


async def begin_again(work: UnitOfWork) -> None:
    for statement in BEGIN_AGAIN:
        await work.execute(statement)


async def everything(work: UnitOfWork, portion: int) -> AsyncIterator[list[Fact]]:
    """All facts that hold, in portions of bounded memory."""
    cursor = await work.connection.cursor(EVERYTHING)
    while rows := await cursor.fetch(portion):
        yield [_fact(row) for row in rows]


def _fact(row: Record) -> Fact:
    return msgspec.convert(dict(row), Fact)
