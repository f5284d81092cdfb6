"""SQL of erasure. A feature that keeps something personal about leads adds to SCRUBBERS how it is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from messaging.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Scrubber:
    """`statement` takes an array of lead ids as $1, and may be run again."""

    table: str
    statement: str


SCRUBBERS: Final[tuple[Scrubber, ...]] = (
    Scrubber(
        "leads",
        """UPDATE leads SET external_id = '', first_name = NULL, last_name = NULL, phone = NULL, email = NULL,
           email_domain = NULL, content = '{}' WHERE lead_id = ANY($1::text[])""",
    ),
    Scrubber(
        "orders",
        "UPDATE orders SET number = order_id, items = '[]', total = NULL WHERE lead_id = ANY($1::text[])",
    ),
    Scrubber("history", "UPDATE history SET data = '{}' WHERE lead_id = ANY($1::text[]) AND data <> '{}'"),
    Scrubber("attempts", "UPDATE attempts SET outcome = 'erased' WHERE lead_id = ANY($1::text[])"),
    Scrubber("verdicts", "UPDATE verdicts SET note = NULL WHERE lead_id = ANY($1::text[]) AND note IS NOT NULL"),
    Scrubber("callbacks", "UPDATE callbacks SET note = NULL WHERE lead_id = ANY($1::text[]) AND note IS NOT NULL"),
    Scrubber("lead_edits", "DELETE FROM lead_edits WHERE lead_id = ANY($1::text[])"),
    Scrubber("survey_answers", "UPDATE survey_answers SET answers = '{}' WHERE lead_id = ANY($1::text[])"),
    Scrubber(
        "opportunities",
        """UPDATE opportunities SET contact = '{}', account = NULL, fields = '{}' WHERE lead_id = ANY($1::text[])""",
    ),
    Scrubber("drafts", "DELETE FROM drafts WHERE lead_id = ANY($1::text[])"),
    Scrubber("withdrawals", "DELETE FROM withdrawals WHERE lead_id = ANY($1::text[])"),
    Scrubber("locks", "DELETE FROM locks WHERE lead_id = ANY($1::text[])"),
)

ERASED = "SELECT lead_id FROM lead_facts WHERE fact = 'erasure' AND lead_id = ANY($1::text[])"


# History is append-only for everybody else.
ERASING = "SELECT set_config('leadwire.erasing', $1, true)"


async def scrub(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """How many rows per table."""
    await work.execute(ERASING, "on")
    removed = {one.table: int((await work.execute(one.statement, lead_ids)).rsplit(" ", 1)[1]) for one in SCRUBBERS}
    await work.execute(ERASING, "off")
    return removed


async def find_erased(work: UnitOfWork, lead_ids: Sequence[str]) -> list[str]:
    return [row["lead_id"] for row in await work.fetch(ERASED, lead_ids)]
