"""SQL of the rules of campaigns, and of what they need to know to hand leads out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.handing_out.rules import Seat
from assignment_svc.queue.claims.store import Limits
from assignment_svc.queue.eligibility.store import (
    AGENT_CONDITIONS,
    LEAD_CONDITIONS,
    ONLINE,
    PROJECT_CONDITIONS,
    QUEUED,
    demand,
)
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, KEPT_FOR, item_of

Key = tuple[str, int]
DEFAULTS: Final = "*"

COLUMNS = "r.project_id, r.version, r.mode, r.claims_per_agent, r.said"

FIND = f"SELECT {COLUMNS} FROM campaign_rules r WHERE r.project_id = $1"

PROJECT_SAID = "SELECT said FROM projects WHERE project_id = $1"

# The columns beside `said` are what processes of the release before look at, and go with a later revision.
PUT = f"""
INSERT INTO campaign_rules AS r (project_id, mode, claims_per_agent, said, callback_public_after, speed_target,
    speed_warning, available_from, available_until)
SELECT $1, $2, $3, $4, make_interval(mins => coalesce(s.callback_public_after_minutes, 60)),
    make_interval(mins => s.speed_target_minutes), make_interval(mins => coalesce(s.speed_warning_minutes, 1)),
    s.available_from, s.available_until
FROM jsonb_to_record($4) AS s (callback_public_after_minutes integer, speed_target_minutes integer,
    speed_warning_minutes integer, available_from text, available_until text)
ON CONFLICT (project_id) DO UPDATE SET version = r.version + 1, mode = excluded.mode, said = excluded.said,
    claims_per_agent = excluded.claims_per_agent, callback_public_after = excluded.callback_public_after,
    speed_target = excluded.speed_target, speed_warning = excluded.speed_warning,
    available_from = excluded.available_from, available_until = excluded.available_until
RETURNING {COLUMNS}
"""

HANDED_OUT = (
    "SELECT p.project_id FROM projects p WHERE p.project_id = ANY($1::text[]) AND p.handed_out AND p.state = 'active'"
)

_REFUSED = ", ".join(
    f"CASE WHEN NOT coalesce({one.sql}, false) THEN '{one.key}' END" for one in (*AGENT_CONDITIONS, ONLINE)
)

# In the order in which claims take agents; what is read after it is what the last one who handed out left.
LOCK_SEATS = """
SELECT a.agent_id FROM campaign_agents t JOIN agents a USING (agent_id) WHERE t.project_id = $1
ORDER BY a.agent_id FOR NO KEY UPDATE OF a
"""

SEATS = f"""
SELECT a.agent_id, a.open_claims AS load, mine.leads AS has, p.claims_per_agent, t.given_at,
    EXISTS (SELECT FROM account_responsibles r WHERE r.agent_id = a.agent_id AND r.project_id = $3) AS responsible,
    array_remove(ARRAY[{_REFUSED}], NULL) AS refused
FROM campaign_agents t JOIN agents a USING (agent_id) JOIN projects p USING (project_id)
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS leads FROM work_items w JOIN leads l USING (lead_id)
    WHERE w.agent_id = a.agent_id AND w.state = 'claimed' AND l.project_id = t.project_id
) mine
WHERE t.project_id = $3
"""

_PAIR = f"""unnest($1::text[], $2::integer[]) AS pair (project_id, place_id)
        JOIN projects p ON p.project_id = pair.project_id AND {demand(PROJECT_CONDITIONS)}"""

# The conditions of a claim, for leads that nobody asked for: those that anybody may have, and those kept for each agent
# ('' and ids in $3) who has room, as many at most as $4 says. What is kept for somebody without room hides nothing.
CANDIDATES = f"""
SELECT {ITEM_COLUMNS}, nullif(candidate.whose, '') AS responsible
FROM (
    SELECT head.*, seat.whose FROM unnest($3::text[], $4::integer[]) AS seat (whose, depth)
    CROSS JOIN LATERAL (
        SELECT one.* FROM {_PAIR} CROSS JOIN LATERAL (
            SELECT q.lead_id, q.rank, q.position FROM queue q
            WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id AND q.ready_at IS NULL
              AND q.reserved_for = seat.whose
            ORDER BY q.rank, q.position, q.lead_id LIMIT seat.depth
        ) one ORDER BY one.rank, one.position, one.lead_id LIMIT seat.depth
    ) head
) candidate JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id) JOIN projects p USING (project_id)
WHERE candidate.whose = {KEPT_FOR} AND {demand((QUEUED, *LEAD_CONDITIONS))}
ORDER BY candidate.rank, candidate.position, candidate.lead_id LIMIT $5 FOR NO KEY UPDATE OF w SKIP LOCKED
"""

# What waits although it might be called, as far as anybody wants to count.
STUCK = f"""
SELECT count(*)::integer AS leads, (count(*) FILTER (WHERE stuck.reserved_for <> ''))::integer AS kept FROM (
    SELECT one.reserved_for FROM {_PAIR} CROSS JOIN LATERAL (
        SELECT q.lead_id, q.reserved_for FROM queue q
        WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id AND q.ready_at IS NULL
        ORDER BY q.reserved_for, q.rank, q.position, q.lead_id LIMIT 2000
    ) one CROSS JOIN LATERAL (
        SELECT FROM work_items w JOIN leads l USING (lead_id)
        WHERE w.lead_id = one.lead_id AND {demand((QUEUED, *LEAD_CONDITIONS))} LIMIT 1
    ) callable LIMIT $3
) stuck
"""

# Two questions, since each of the queue's indexes has one half of it.
WAITS = """
SELECT EXISTS (SELECT FROM queue q WHERE q.project_id = $1 AND q.ready_at IS NULL)
    OR EXISTS (SELECT FROM queue q WHERE q.project_id = $1 AND q.ready_at IS NOT NULL)
"""

GIVEN = """
UPDATE campaign_agents SET given_at = clock_timestamp() + one.number * interval '1 us'
FROM unnest($2::text[]) WITH ORDINALITY AS one (agent_id, number)
WHERE campaign_agents.project_id = $1 AND campaign_agents.agent_id = one.agent_id
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """Of a campaign, or as `*` of the centre. `said`: the queue rules that it does not leave to the levels before."""

    project_id: str
    version: int = 0
    mode: str = "pull"
    claims_per_agent: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])


async def find_rules(work: UnitOfWork, project_id: str) -> Rules | None:
    row = await work.fetchrow(FIND, project_id)
    return None if row is None else Rules(*row)


async def read_project_said(work: UnitOfWork, project_id: str) -> Mapping[str, Any] | None:
    """The queue rules that the project does not leave to the centre; None for one that is not known."""
    return await work.fetchval(PROJECT_SAID, project_id)


async def put_rules(work: UnitOfWork, new: Rules) -> Rules:
    row = await work.fetchrow(PUT, new.project_id, new.mode, new.claims_per_agent, new.said)
    assert row is not None  # noqa: S101 -- an upsert returns its row
    return Rules(*row)


async def find_handed_out(work: UnitOfWork, project_ids: Sequence[str]) -> list[str]:
    """Of the projects, the active ones whose leads are given by a rule."""
    return [row["project_id"] for row in await work.fetch(HANDED_OUT, project_ids)]


async def read_seats(work: UnitOfWork, limits: Limits, project_id: str) -> list[Seat]:
    """The agents of a campaign, with what speaks against each; nobody else gives them a lead until the commit."""
    await work.execute(LOCK_SEATS, project_id)
    rows = await work.fetch(SEATS, limits.cap, limits.offline_after, project_id)
    return [
        Seat(
            row["agent_id"],
            row["load"],
            max(0, min(limits.cap - row["load"], _or_more(row["claims_per_agent"]) - row["has"])),
            row["given_at"],
            tuple(row["refused"]),
            row["responsible"],
        )
        for row in rows
    ]


def _or_more(cap: int | None) -> int:
    return 2**31 if cap is None else cap


async def find_candidates(
    work: UnitOfWork, keys: Sequence[Key], depths: Mapping[str, int], limit: int
) -> list[tuple[WorkItem, str | None]]:
    """The best leads that may be called now, locked for this transaction, each with who is responsible for it.

    `depths`: how many at most to look at of what is kept for each agent; `''`: of what anybody may have.
    """
    rows = await work.fetch(CANDIDATES, *_columns(keys), list(depths), list(depths.values()), limit)
    return [(item_of(row), row["responsible"]) for row in rows]


async def count_stuck(work: UnitOfWork, keys: Sequence[Key], limit: int) -> tuple[int, int]:
    """How many leads wait that may be called now, and how many of them are kept for somebody; not more than `limit`."""
    row = await work.fetchrow(STUCK, *_columns(keys), limit)
    assert row is not None  # noqa: S101 -- a count
    return row["leads"], row["kept"]


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[int]]:
    return [project_id for project_id, _ in keys], [place_id for _, place_id in keys]


async def note_given(work: UnitOfWork, project_id: str, agent_ids: Sequence[str]) -> None:
    """In the order in which they got their last one."""
    await work.execute(GIVEN, project_id, agent_ids)


async def anything_waits(work: UnitOfWork, project_id: str) -> bool:
    return bool(await work.fetchval(WAITS, project_id))
