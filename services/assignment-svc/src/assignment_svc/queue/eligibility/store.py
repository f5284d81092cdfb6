"""The definition of E1 to E12 in SQL. A claim demands the conditions; `eligibility` selects them one by one.

Aliases: w work_items, l leads, p projects, a agents (who asks), $1 the claims that an agent may have, $2 how long
somebody may say nothing and still be there. E4 needs time zone rules and is decided by `queue.windows` for both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from asyncpg import Record
from messaging.unit_of_work import UnitOfWork

from assignment_svc.work_items.store import KEPT_FOR


@dataclass(frozen=True, slots=True)
class Condition:
    """`key` is unique, `code` the number that people know it by, `detail` what is told when it does not hold.

    `until`: an SQL expression for when it will hold, where that is known.
    """

    key: str
    code: str
    detail: str
    sql: str
    until: str = "NULL::timestamptz"


QUEUED: Final = Condition("queued", "E1", "The lead is not in the queue.", "w.state = 'queued'")

# Wider, for one lead and one agent: a call-back that the agent promised and that is due comes before the queue.
QUEUED_OR_DUE: Final = replace(
    QUEUED,
    sql="""(w.state = 'queued' OR (w.state = 'callback' AND EXISTS (SELECT FROM callbacks c
           WHERE c.lead_id = w.lead_id AND c.status = 'due' AND c.private AND c.agent_id = a.agent_id)))""",
    until="(SELECT c.at FROM callbacks c WHERE c.lead_id = w.lead_id AND c.status = 'scheduled')",
)

# Of the project alone: one that fails keeps every lead of it, so nobody may walk its queue to find that out.
PROJECT_CONDITIONS: Final = (
    Condition("project", "E8", "The project is not active.", "p.state = 'active'"),
    Condition(
        "sponsor",
        "E8",
        "The sponsor is not active.",
        "NOT EXISTS (SELECT FROM sponsors s WHERE s.sponsor_id = p.sponsor_id AND NOT s.active)",
    ),
    Condition(
        "fresh",
        "E5",
        "A national suppression list that applies to the project is out of date.",
        """NOT (p.stale_lists_block AND EXISTS (SELECT FROM suppression_lists n WHERE n.fresh_until <= now()
           AND (n.scope = 'global' OR (n.scope = 'sponsor' AND n.scope_id = p.sponsor_id)
                OR (n.scope = 'project' AND n.scope_id = p.project_id))))""",
    ),
)

LEAD_CONDITIONS: Final = (
    Condition(
        "unlocked",
        "E2",
        "Somebody has a lock on this lead, or on another lead with the same phone number.",
        """NOT EXISTS (SELECT FROM locks k WHERE k.lock_key = coalesce(l.phone, l.lead_id) AND k.expires_at > now()
           AND (k.lead_id <> w.lead_id OR w.state <> 'claimed'))""",
        """(SELECT k.expires_at FROM locks k WHERE k.lock_key = coalesce(l.phone, l.lead_id) AND k.expires_at > now()
           AND (k.lead_id <> w.lead_id OR w.state <> 'claimed'))""",
    ),
    Condition(
        "cooled",
        "E3",
        "The lead was called a short while ago.",
        "(w.next_attempt_at IS NULL OR w.next_attempt_at <= now())",
        "w.next_attempt_at",
    ),
    Condition(
        "unsuppressed",
        "E5",
        "The phone number, e-mail address or domain is on a suppression list that applies.",
        """NOT EXISTS (SELECT FROM suppressions s WHERE NOT s.removed AND s.identity = ANY(
               ARRAY['phone:' || l.phone, 'email:' || l.email, 'domain:' || l.email_domain])
           AND (s.scope = 'global' OR (s.scope = 'sponsor' AND s.scope_id = l.sponsor_id)
                OR (s.scope = 'project' AND s.scope_id = l.project_id)))""",
    ),
    Condition(
        "consenting",
        "E6",
        "The project demands consent, and the lead has none.",
        "(NOT p.consent_required OR l.has_consent)",
    ),
    Condition(
        "unrevoked",
        "E6",
        "The consent was revoked.",
        "NOT EXISTS (SELECT FROM lead_facts f WHERE f.lead_id = l.lead_id AND f.fact = 'revocation')",
    ),
    Condition("validated", "E7", "The call centre has not confirmed the lead yet.", "w.validated"),
    Condition(
        "list",
        "E8",
        "The contact list has expired.",
        """NOT EXISTS (SELECT FROM contact_lists c WHERE c.contact_list_id = l.contact_list_id
           AND c.expires_at <= now())""",
    ),
    Condition(
        "unreturned",
        "E11",
        "The lead is on its way back to its partner, was returned or sold.",
        """NOT EXISTS (SELECT FROM lead_facts f WHERE f.lead_id = l.lead_id AND f.fact <> 'revocation'
           AND f.status <> 'closed')""",
    ),
    Condition("attempts", "E10", "All attempts are used.", "w.attempts < p.max_attempts"),
    Condition(
        "age",
        "E12",
        "The lead is older than the project allows.",
        "(p.max_age IS NULL OR l.received_at > now() - p.max_age)",
    ),
)

AGENT_CONDITIONS: Final = (
    Condition("active", "E9", "The agent is not an active leads agent.", "a.active AND a.access_level = 'leads_agent'"),
    Condition(
        "permitted", "E9", "The agent has no permission to request leads.", "'queue.request' = ANY(a.permissions)"
    ),
    Condition("below_cap", "E9", "The agent has as many open leads as allowed.", "a.open_claims < $1"),
)

# Who asks for a lead is there: a claim need not look it up.
ONLINE: Final = Condition("online", "E9", "The agent is offline.", "a.seen_at > now() - $2::interval")

TICKED: Final = Condition(
    "ticked",
    "E9",
    "The agent is not on the campaign.",
    "EXISTS (SELECT FROM campaign_agents t WHERE t.agent_id = a.agent_id AND t.project_id = l.project_id)",
)

PULLED: Final = Condition(
    "pulled", "E9", "The campaign hands its leads out by a rule; nobody requests them.", "NOT p.handed_out"
)

RESPONSIBLE: Final = Condition(
    "responsible",
    "E9",
    "Another agent is responsible for the lead's account.",
    f"{KEPT_FOR} IN ('', a.agent_id)",
)

ALL: Final = (
    QUEUED_OR_DUE,
    *PROJECT_CONDITIONS,
    *LEAD_CONDITIONS,
    *AGENT_CONDITIONS,
    ONLINE,
    TICKED,
    RESPONSIBLE,
    PULLED,
)

# A claim that is there already is finished: what only decides who may get a lead, or until when, is not asked again.
_CALLING_KEYS: Final = frozenset(
    {
        *(
            "unlocked",
            "unsuppressed",
            "fresh",
            "consenting",
            "unrevoked",
            "validated",
            "project",
            "sponsor",
            "unreturned",
        ),
        "active",
    }
)
CALLING: Final = tuple(condition for condition in ALL if condition.key in _CALLING_KEYS)


def demand(conditions: Sequence[Condition]) -> str:
    return " AND ".join(f"({condition.sql})" for condition in conditions)


def _holds(condition: Condition) -> str:
    return f"coalesce({condition.sql}, false) AS {condition.key}"


_CLOCKS = """
p.calling_mode, p.calling_from, p.calling_until, p.calling_days, p.available_from, p.available_until, pl.country,
pl.region, pl.zones, pl.hours
"""
_TABLES = """
work_items w JOIN leads l USING (lead_id) JOIN places pl USING (place_id)
LEFT JOIN projects p ON p.project_id = l.project_id
"""

EXAMINE = f"""
SELECT {_CLOCKS}, {", ".join(f"{_holds(one)}, {one.until} AS {one.key}_until" for one in ALL)}
FROM {_TABLES} LEFT JOIN agents a ON a.agent_id = $4
WHERE w.lead_id = $3
"""

EXAMINE_CALL = f"""
SELECT {_CLOCKS}, {", ".join(_holds(one) for one in CALLING)}
FROM {_TABLES} LEFT JOIN agents a ON a.agent_id = $2
WHERE w.lead_id = $1
"""


async def examine(work: UnitOfWork, limits: tuple[int, timedelta], lead_id: str, agent_id: str) -> Record | None:
    """Each condition as a column under its key, and what E4 is decided from; `limits` are $1 and $2."""
    return await work.fetchrow(EXAMINE, *limits, lead_id, agent_id)


async def examine_call(work: UnitOfWork, lead_id: str, agent_id: str) -> Record | None:
    """Only CALLING, and what E4 is decided from."""
    return await work.fetchrow(EXAMINE_CALL, lead_id, agent_id)
