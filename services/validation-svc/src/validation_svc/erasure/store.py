"""SQL of erasure."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

# Alone with the tables: a case that somebody is about to open is there when we look, or finds the tombstone.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('validation-svc.erasure', 0))"
REMEMBER = "INSERT INTO erased_leads (lead_id) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING"
ERASE = {
    "case_notes": "DELETE FROM case_notes WHERE lead_id = ANY($1)",
    "cases": "DELETE FROM cases WHERE lead_id = ANY($1)",
}


async def erase(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """Cases and notes go; the ids stay, so that no late message brings a lead back. How many rows per table."""
    await work.execute(LOCK)
    await work.execute(REMEMBER, lead_ids)
    return {
        table: int((await work.execute(statement, lead_ids)).rsplit(" ", 1)[1]) for table, statement in ERASE.items()
    }
