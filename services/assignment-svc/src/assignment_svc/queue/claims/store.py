"""SQL of the claim. E1 to E12 are decided by CLAIM: E4 by the pairs it is given, the rest by the shared conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from asyncpg import Record
from contracts.envelope import Envelope
from contracts.events.assignment import LeadClaimedV1
from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue.eligibility.store import (
    AGENT_CONDITIONS,
    LEAD_CONDITIONS,
    PROJECT_CONDITIONS,
    PULLED,
    QUEUED,
    TICKED,
    demand,
)
from assignment_svc.work_items.store import KEPT_FOR, VIEW_COLUMNS


@dataclass(frozen=True, slots=True)
class Limits:
    """`cap`: open claims that an agent may have; `offline_after`: how long one may say nothing and be online."""

    cap: int
    offline_after: timedelta


@dataclass(frozen=True, slots=True)
class Pair:
    """Leads of a project in a place that may be called now; the walk begins at the mark."""

    project_id: str
    place_id: int
    project_version: int
    mark: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """What one statement is asked: the first `candidates` leads of `pairs`, for agents with a blank envelope each.

    With `known`, the version of what is remembered, nobody is served if that is another one now, nor is anybody who
    has promised a call that is due.
    """

    cap: int
    asking: Mapping[str, Envelope]
    pairs: Sequence[Pair]
    candidates: int
    known: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a pair holds: a lead that only waits for its hours, and when the first one has cooled down."""

    project_id: str
    place_id: int
    has_ready: bool
    cooled_at: datetime | None


# Rows that are locked by another claim are skipped, so a few more candidates than agents are looked at. A condition
# that fails at the head costs a look-up per claim; what makes conditions fail for long takes leads out of the queue.
# Leads kept for an agent (A3.6) are in ranges of the index of their own, which nobody else walks; of each agent
# who asks, the first that may be called now takes part with the others' in the order of all. (The look whether an
# agent is responsible for anything has a LIMIT: as an EXISTS it was hashed. Claims are counted by an array of agents:
# the old versions of their rows, which stay while somebody has an old snapshot, are then walked once and not for each.)
_HEADS = """
        SELECT q.lead_id, q.rank, q.position FROM queue q
        WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id AND q.ready_at IS NULL
          AND q.reserved_for = {whose}
        ORDER BY q.rank, q.position, q.lead_id LIMIT $8
"""

_MARKED = _HEADS.format(whose="'' AND (q.rank, q.position) >= (pair.mark_rank, pair.mark_position)")

_FREE = f"""
        SELECT q.ctid AS queue_row, w.lead_id, l.project_id, l.place_id, coalesce(l.phone, l.lead_id) AS lock_key,
            p.lock_time, p.status_after_request, nullif(q.reserved_for, '') AS responsible
        FROM queue q JOIN work_items w USING (lead_id) JOIN leads l USING (lead_id)
        JOIN projects p ON p.project_id = l.project_id
        WHERE q.lead_id = candidate.lead_id AND q.ready_at IS NULL AND q.reserved_for = {KEPT_FOR}
          AND {demand((QUEUED, *LEAD_CONDITIONS))}
        FOR NO KEY UPDATE OF q, w SKIP LOCKED
"""

# $9: the version that is remembered, where nobody has looked yet whether it is the present one and whether the agents
# have promised calls by now; whoever finds otherwise is not served. Envelopes are the contract's, with blanks for what
# is known here first.
CLAIM = f"""
WITH asking AS MATERIALIZED (
    SELECT a.agent_id FROM agents a
    WHERE a.agent_id = ANY($2::text[]) AND {demand(AGENT_CONDITIONS)}
      AND ($9::bigint IS NULL OR ($9 = (SELECT version FROM reference_version) AND NOT EXISTS (
          SELECT FROM callbacks c WHERE c.agent_id = a.agent_id AND c.status = 'due' AND c.private)))
    ORDER BY a.agent_id FOR NO KEY UPDATE
), pair AS MATERIALIZED (
    SELECT pair.* FROM unnest($3::text[], $4::integer[], $5::bigint[], $6::smallint[], $7::bigint[])
        AS pair (project_id, place_id, version, mark_rank, mark_position)
    JOIN projects p ON p.project_id = pair.project_id AND p.version = pair.version
        AND {demand((*PROJECT_CONDITIONS, PULLED))}
), kept AS MATERIALIZED (
    SELECT mine.* FROM asking a CROSS JOIN LATERAL (
        SELECT FROM account_responsibles r WHERE r.agent_id = a.agent_id LIMIT 1
    ) responsible CROSS JOIN LATERAL (
        SELECT candidate.* FROM (
            SELECT head.* FROM pair CROSS JOIN LATERAL ({_HEADS.format(whose="a.agent_id")}) head
            ORDER BY head.rank, head.position, head.lead_id LIMIT $8
        ) candidate CROSS JOIN LATERAL ({_FREE}) free LIMIT 1
    ) mine
), heads AS MATERIALIZED (
    SELECT head.* FROM pair CROSS JOIN LATERAL ({_MARKED}) head
    ORDER BY head.rank, head.position, head.lead_id LIMIT $8
), candidate AS MATERIALIZED (
    SELECT * FROM heads UNION ALL SELECT * FROM kept ORDER BY rank, position, lead_id
), picked AS MATERIALIZED (
    SELECT free.*, candidate.rank, candidate.position FROM candidate CROSS JOIN LATERAL ({_FREE}) free
    LIMIT (SELECT count(*) FROM asking)
), seated AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY responsible ORDER BY rank, position, lead_id) AS seat
    FROM (SELECT DISTINCT ON (lock_key) * FROM picked ORDER BY lock_key, rank, position, lead_id) AS one_per_phone
), waiting AS MATERIALIZED (
    SELECT agent_id, row_number() OVER (ORDER BY agent_id) AS seat FROM asking
    WHERE agent_id NOT IN (SELECT responsible FROM seated WHERE responsible IS NOT NULL)
), offered AS MATERIALIZED (
    SELECT l.*, a.agent_id AS dealt_to FROM seated l JOIN waiting a USING (seat) WHERE l.responsible IS NULL
    UNION ALL SELECT l.*, l.responsible FROM seated l WHERE l.seat = 1 AND l.responsible IS NOT NULL
), dealt AS (
    SELECT l.*, a.agent_id FROM offered l JOIN asking a ON a.agent_id = l.dealt_to WHERE {TICKED.sql}
), locked AS (
    INSERT INTO locks AS k (lock_key, lead_id, holder, token, acquired_at, expires_at)
    SELECT lock_key, lead_id, agent_id, nextval('lock_tokens'), now(), now() + lock_time FROM dealt ORDER BY lock_key
    ON CONFLICT (lock_key) DO UPDATE SET lead_id = excluded.lead_id, holder = excluded.holder,
        token = nextval('lock_tokens'), acquired_at = excluded.acquired_at, expires_at = excluded.expires_at
        WHERE k.expires_at <= now()
    RETURNING lead_id, token, expires_at
), taken AS MATERIALIZED (
    SELECT d.*, k.token, k.expires_at AS lock_expires_at FROM dealt d JOIN locked k USING (lead_id)
), w AS (
    UPDATE work_items i SET state = 'claimed', version = i.version + 1, agent_id = t.agent_id, claimed_at = now(),
        next_attempt_at = NULL, expires_at = NULL, changed_at = now()
    FROM taken t WHERE i.lead_id = t.lead_id RETURNING i.*
), dequeued AS (
    DELETE FROM queue q USING taken t WHERE q.ctid = t.queue_row
), counted AS (
    UPDATE agents SET open_claims = open_claims + 1 WHERE agent_id = ANY (ARRAY(SELECT agent_id FROM taken))
), timed AS (
    INSERT INTO timers (kind, subject, due_at)
    SELECT 'idle-claim', lead_id, lock_expires_at FROM taken WHERE status_after_request <> 'leave_assigned'
), told AS (
    INSERT INTO history (lead_id, version, event, actor, agent_id, data)
    SELECT lead_id, version, 'claimed', agent_id, agent_id, '{{}}' FROM w
), published AS (
    INSERT INTO outbox (id, type, subject, body)
    SELECT e.id, '{LeadClaimedV1.type}', w.lead_id, convert_to((e.envelope || jsonb_build_object(
        'subject', w.lead_id, 'sequence', w.version, 'data', jsonb_build_object(
            'lead', jsonb_strip_nulls(jsonb_build_object('lead_id', w.lead_id, 'partner_id', l.partner_id,
                'project_id', l.project_id, 'sponsor_id', l.sponsor_id, 'contact_list_id', l.contact_list_id)),
            'actor', w.agent_id, 'agent_id', w.agent_id, 'received_at', l.received_at)))::text, 'UTF8')
    FROM w JOIN leads l USING (lead_id)
    JOIN unnest($2::text[], $10::uuid[], $11::jsonb[]) AS e (agent_id, id, envelope) ON e.agent_id = w.agent_id
)
SELECT {VIEW_COLUMNS}, t.token, t.lock_expires_at, t.place_id, t.rank, t.position, t.responsible
FROM w JOIN taken t USING (lead_id) JOIN leads l USING (lead_id)
JOIN places pl ON pl.place_id = l.place_id LEFT JOIN orders o USING (order_id)
"""

# The count of index entries that the look walked tells dead ones too, whatever else the machine is busy with.
HEADS = """
WITH before AS MATERIALIZED (
    SELECT pg_stat_get_xact_tuples_returned('queue_order'::regclass) AS walked
), heads AS MATERIALIZED (
    SELECT pair.project_id, pair.place_id, head.rank, head.position, before.walked
    FROM before CROSS JOIN unnest($1::text[], $2::integer[]) AS pair (project_id, place_id)
    CROSS JOIN LATERAL (
        SELECT q.rank, q.position FROM queue q
        WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id AND q.ready_at IS NULL
          AND q.reserved_for = ''
        ORDER BY q.rank, q.position, q.lead_id LIMIT 1
    ) head
)
SELECT project_id, place_id, rank, position,
    pg_stat_get_xact_tuples_returned('queue_order'::regclass) - walked AS walked
FROM heads
"""

# What anybody may have, and what is kept for the agent ($3). (The order of the index keeps the planner to it.)
WAITING = """
SELECT pair.project_id, pair.place_id, bool_or(one.has_ready) AS has_ready, min(one.cooled_at) AS cooled_at
FROM unnest($1::text[], $2::integer[]) AS pair (project_id, place_id)
CROSS JOIN unnest(ARRAY['', $3::text]) AS whose (agent_id)
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT true FROM queue q WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id
            AND q.reserved_for = whose.agent_id AND q.ready_at IS NULL
            ORDER BY q.rank, q.position, q.lead_id LIMIT 1), false) AS has_ready,
        (SELECT min(q.ready_at) FROM queue q WHERE q.project_id = pair.project_id AND q.place_id = pair.place_id
         AND q.reserved_for = whose.agent_id AND q.ready_at IS NOT NULL) AS cooled_at
) one
GROUP BY 1, 2
"""

COOLED = """
WITH cooled AS (
    UPDATE queue SET ready_at = NULL WHERE lead_id IN (
        SELECT lead_id FROM queue WHERE lead_id = ANY($1::text[]) AND ready_at <= now() FOR UPDATE SKIP LOCKED)
    RETURNING lead_id
)
SELECT lead_id FROM queue WHERE lead_id = ANY($1::text[]) AND ready_at <= now() EXCEPT SELECT lead_id FROM cooled
"""

PROMOTE = """
UPDATE queue SET ready_at = NULL WHERE lead_id IN (
    SELECT lead_id FROM queue WHERE ready_at <= now() ORDER BY ready_at LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


class Runs(Protocol):
    """A pool, whose statements commit by themselves, or a unit of work."""

    async def fetch(self, query: str, /, *args: Any) -> list[Record]: ...


async def claim(runs: Runs, look: Look) -> list[Record]:
    """Gives each of the agents at most one lead, best leads first; a row per lead that was claimed."""
    return await runs.fetch(
        CLAIM,
        look.cap,
        list(look.asking),
        [pair.project_id for pair in look.pairs],
        [pair.place_id for pair in look.pairs],
        [pair.project_version for pair in look.pairs],
        [pair.mark[0] for pair in look.pairs],
        [pair.mark[1] for pair in look.pairs],
        look.candidates,
        look.known,
        [envelope.id for envelope in look.asking.values()],
        list(look.asking.values()),
    )


async def read_heads(runs: Runs, keys: Sequence[tuple[str, int]]) -> tuple[dict[tuple[str, int], tuple[int, int]], int]:
    """The first lead of each pair, and how many index entries were walked to find them."""
    rows = await runs.fetch(HEADS, *_columns(keys))
    heads = {(row["project_id"], row["place_id"]): (row["rank"], row["position"]) for row in rows}
    return heads, max((row["walked"] for row in rows), default=0)


async def read_waiting(work: UnitOfWork, keys: Sequence[tuple[str, int]], agent_id: str) -> list[Waiting]:
    """For that agent: leads that are kept for others do not count."""
    return [Waiting(*row) for row in await work.fetch(WAITING, *_columns(keys), agent_id)]


async def promote(work: UnitOfWork, lead_ids: Sequence[str]) -> list[str]:
    """Makes those callable that have cooled down; returns those that somebody else was at, at this moment."""
    return [row["lead_id"] for row in await work.fetch(COOLED, lead_ids)]


async def promote_cooled(work: UnitOfWork, limit: int) -> int:
    """Makes leads callable whose cool-down has passed; says how many."""
    return int((await work.execute(PROMOTE, limit)).rsplit(" ", 1)[1])


def _columns(keys: Sequence[tuple[str, int]]) -> tuple[list[Any], list[Any]]:
    return [project_id for project_id, _ in keys], [place_id for _, place_id in keys]
