"""SQL of the rules of campaigns, and of what they need to know to hand leads out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from messaging.unit_of_work import UnitOfWork

from assignment_svc.handing_out.rules import Seat
from assignment_svc.queue.claims.store import Limits
from assignment_svc.queue.eligibility.store import (
    AGENT_CONDITIONS,
    KEPT_FOR,
    LEAD_CONDITIONS,
    ONLINE,
    PROJECT_CONDITIONS,
    QUEUED,
    demand,
)
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.store import ITEM_COLUMNS, item_of

Key = tuple[str, int]
DEFAULTS: Final = "*"

COLUMNS = """
r.project_id, r.version, r.mode, r.claims_per_agent, r.callback_public_after, r.speed_target, r.speed_warning,
r.available_from, r.available_until
"""

FIND = f"SELECT {COLUMNS} FROM campaign_rules r WHERE r.project_id = $1"

PUT = f"""
INSERT INTO campaign_rules AS r (project_id, mode, claims_per_agent, callback_public_after, speed_target, speed_warning,
    available_from, available_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (project_id) DO UPDATE SET version = r.version + 1, mode = excluded.mode,
    claims_per_agent = excluded.claims_per_agent, callback_public_after = excluded.callback_public_after,
    speed_target = excluded.speed_target, speed_warning = excluded.speed_warning,
    available_from = excluded.available_from, available_until = excluded.available_until
RETURNING {COLUMNS}
"""

# What claims need of it stands with the project: they look at its row anyway. A campaign without rules has the
# defaults of the centre; one with rules has its own.
COPY = """
UPDATE projects p SET handed_out = coalesce(r.mode <> 'pull', false), claims_per_agent = r.claims_per_agent,
    speed_target = coalesce(r.speed_target, CASE WHEN r.project_id IS NULL THEN d.speed_target END),
    available_from = CASE WHEN r.project_id IS NULL THEN d.available_from ELSE r.available_from END,
    available_until = CASE WHEN r.project_id IS NULL THEN d.available_until ELSE r.available_until END
FROM (SELECT $1::text AS wanted) w LEFT JOIN campaign_rules d ON d.project_id = '*', projects q
LEFT JOIN campaign_rules r USING (project_id)
WHERE q.project_id = p.project_id AND (w.wanted = '*' OR p.project_id = w.wanted)
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
        ORDER BY q.reserved_for, q.rank, q.position, q.lead_id LIMIT 100 * $3::integer
    ) one JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
    WHERE {demand((QUEUED, *LEAD_CONDITIONS))} LIMIT $3
) stuck
"""

# Two questions, since each of the queue's indexes has one half of it.
WAITS = """
SELECT EXISTS (SELECT FROM queue q WHERE q.project_id = $1 AND q.ready_at IS NULL)
    OR EXISTS (SELECT FROM queue q WHERE q.project_id = $1 AND q.ready_at IS NOT NULL)
"""

# Leads that wait already get their clock with the target.
START_CLOCKS = """
INSERT INTO timers (kind, subject, due_at)
SELECT 'speed', w.lead_id, now() FROM leads l JOIN work_items w USING (lead_id)
WHERE l.project_id = $1 AND w.state IN ('pending', 'queued', 'claimed') AND w.calls = 0
"""

GIVEN = """
UPDATE campaign_agents SET given_at = clock_timestamp() + one.number * interval '1 us'
FROM unnest($2::text[]) WITH ORDINALITY AS one (agent_id, number)
WHERE campaign_agents.project_id = $1 AND campaign_agents.agent_id = one.agent_id
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """`callback_public_after`: a private call-back that was not made is anybody's then (A3.10).

    `speed_target`: how soon, in legal calling hours, a lead is to be called; the alarm comes `speed_warning` earlier
    (A3.13). `available_from`, `available_until`: in the lead's local time (A2.6).
    """

    project_id: str
    version: int = 0
    mode: str = "pull"
    claims_per_agent: int | None = None
    callback_public_after: timedelta = timedelta(hours=1)
    speed_target: timedelta | None = None
    speed_warning: timedelta = timedelta(minutes=1)
    available_from: str | None = None
    available_until: str | None = None


async def find_rules(work: UnitOfWork, project_id: str) -> Rules | None:
    row = await work.fetchrow(FIND, project_id)
    return None if row is None else Rules(*row)


async def put_rules(work: UnitOfWork, new: Rules) -> Rules:
    """Also tells the project, or with the defaults all projects without rules of their own."""
    values = (new.mode, new.claims_per_agent, new.callback_public_after, new.speed_target, new.speed_warning)
    row = await work.fetchrow(PUT, new.project_id, *values, new.available_from, new.available_until)
    assert row is not None  # noqa: S101 -- an upsert returns its row
    await copy_rules(work, new.project_id)
    if new.speed_target is not None:
        await work.execute(START_CLOCKS, new.project_id)
    return Rules(*row)


async def copy_rules(work: UnitOfWork, project_id: str) -> None:
    """To the project's row, where claims look."""
    await work.execute(COPY, project_id)


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


def rules_from(project_id: str, values: Mapping[str, Any]) -> Rules:
    """From a body: minutes become durations."""
    minutes = {name: None if values[name] is None else timedelta(minutes=values[name]) for name in _IN_MINUTES}
    return Rules(
        project_id=project_id,
        mode=values["mode"],
        claims_per_agent=values["claims_per_agent"],
        callback_public_after=minutes["callback_public_after_minutes"] or timedelta(0),
        speed_target=minutes["speed_target_minutes"],
        speed_warning=minutes["speed_warning_minutes"] or timedelta(0),
        available_from=values["available_from"],
        available_until=values["available_until"],
    )


_IN_MINUTES: Final = ("callback_public_after_minutes", "speed_target_minutes", "speed_warning_minutes")
