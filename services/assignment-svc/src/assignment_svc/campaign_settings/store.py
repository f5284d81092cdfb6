"""SQL of campaign settings and call outcomes."""

from dataclasses import dataclass
from typing import Any, Final

from asyncpg import UniqueViolationError
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict

READ = """
SELECT version, lock_minutes, call_channel, url_pattern, claims_on_untick, call_centre
FROM campaign_settings WHERE project_id = $1
"""

WRITE = """
INSERT INTO campaign_settings AS s (project_id, version, lock_minutes, call_channel, url_pattern, claims_on_untick,
    call_centre)
VALUES ($1, $2 + 1, $3, $4, $5, $6, $7)
ON CONFLICT (project_id) DO UPDATE SET version = s.version + 1, lock_minutes = excluded.lock_minutes,
    call_channel = excluded.call_channel, url_pattern = excluded.url_pattern,
    claims_on_untick = excluded.claims_on_untick, call_centre = excluded.call_centre
    WHERE s.version = $2
RETURNING version, lock_minutes, call_channel, url_pattern, claims_on_untick, call_centre
"""

LOCK_TIME = "SELECT extract(epoch FROM lock_time) / 60 FROM projects WHERE project_id = $1"

OUTCOMES = """
SELECT outcome_id, name, contacted, active FROM campaign_outcomes
WHERE project_id = $1 AND (active OR NOT $2) ORDER BY outcome_id
"""

ADD_OUTCOME = """
INSERT INTO campaign_outcomes (outcome_id, project_id, name, name_normalised, contacted) VALUES ($1, $2, $3, $4, $5)
RETURNING outcome_id, name, contacted, active
"""

# Used ones stay, so that what was logged keeps its meaning.
REMOVE_OUTCOME = """
WITH gone AS (
    DELETE FROM campaign_outcomes WHERE project_id = $1 AND outcome_id = $2 AND NOT used RETURNING outcome_id
), kept AS (
    UPDATE campaign_outcomes SET active = false WHERE project_id = $1 AND outcome_id = $2 AND used
    RETURNING outcome_id, name, contacted, active
)
SELECT outcome_id, name, contacted, active FROM kept
UNION ALL SELECT outcome_id, NULL, NULL, NULL FROM gone
"""

# Written once: calls that end alike must not wait for each other.
USE_OUTCOME = """
WITH named AS (
    SELECT outcome_id, contacted, used FROM campaign_outcomes WHERE project_id = $1 AND name_normalised = $2 AND active
), marked AS (
    UPDATE campaign_outcomes SET used = true
    WHERE active AND outcome_id IN (SELECT outcome_id FROM named WHERE NOT used) RETURNING contacted
)
SELECT true AS known, contacted FROM named WHERE used
UNION ALL SELECT true, contacted FROM marked
UNION ALL SELECT false, NULL WHERE EXISTS (SELECT FROM campaign_outcomes WHERE project_id = $1 AND active)
ORDER BY known DESC LIMIT 1
"""

MOST_OUTCOMES: Final = 200


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """`version` 0: nobody changed the defaults. `lock_minutes` None: as the project says.

    `call_centre`: whose leads these are (A1.3); None: nobody said, so that dispositions of every call centre fit.
    """

    version: int = 0
    lock_minutes: int | None = None
    call_channel: str = "tel_link"
    url_pattern: str | None = None
    claims_on_untick: str = "finish"
    call_centre: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    outcome_id: str
    name: str
    contacted: bool
    active: bool


async def read_settings(work: UnitOfWork, project_id: str) -> CampaignSettings:
    row = await work.fetchrow(READ, project_id)
    return CampaignSettings() if row is None else CampaignSettings(*row)


async def write_settings(work: UnitOfWork, project_id: str, new: CampaignSettings) -> CampaignSettings | None:
    """None when its version is no longer the newest."""
    values = (new.version, new.lock_minutes, new.call_channel, new.url_pattern, new.claims_on_untick, new.call_centre)
    row = await work.fetchrow(WRITE, project_id, *values)
    return None if row is None else CampaignSettings(*row)


async def own_lock_time(work: UnitOfWork, project_id: str) -> dict[str, Any]:
    """What the campaign says of it, in words of the queue rules; nothing when it leaves it to its project."""
    lock_minutes = (await read_settings(work, project_id)).lock_minutes
    return {} if lock_minutes is None else {"lock_minutes": lock_minutes}


async def read_lock_minutes(work: UnitOfWork, project_id: str) -> int:
    return int(await work.fetchval(LOCK_TIME, project_id))


async def list_outcomes(work: UnitOfWork, project_id: str, *, active_only: bool) -> list[Outcome]:
    return [Outcome(*row) for row in await work.fetch(OUTCOMES, project_id, active_only)]


async def add_outcome(work: UnitOfWork, project_id: str, new: Outcome) -> Outcome:
    """Raises 409 when the campaign has one of that name, in use or not."""
    try:
        row = await work.fetchrow(
            ADD_OUTCOME, new.outcome_id, project_id, new.name, normalised(new.name), new.contacted
        )
    except UniqueViolationError:
        raise conflict("outcome-name-taken", "The campaign has an outcome of this name already.") from None
    assert row is not None  # noqa: S101 -- an insert returns its row
    return Outcome(*row)


async def remove_outcome(work: UnitOfWork, project_id: str, outcome_id: str) -> tuple[bool, Outcome | None]:
    """Whether it was there, and what stays of it when it was used."""
    row = await work.fetchrow(REMOVE_OUTCOME, project_id, outcome_id)
    return row is not None, Outcome(*row) if row is not None and row["name"] is not None else None


async def use_outcome(work: UnitOfWork, project_id: str, name: str) -> tuple[bool, bool | None]:
    """Whether a call may end so, and whether that means that somebody was reached, where the campaign says."""
    row = await work.fetchrow(USE_OUTCOME, project_id, normalised(name))
    return (True, None) if row is None else (row["known"], row["contacted"])


def normalised(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
