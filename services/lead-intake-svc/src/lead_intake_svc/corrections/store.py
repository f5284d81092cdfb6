"""SQL of corrections."""

from collections.abc import Mapping
from typing import Any

from messaging.unit_of_work import UnitOfWork

# Of two corrections of a field the later one counts, in whatever order they come.
_KEEP = """
INSERT INTO lead_corrections AS c (lead_id, field, version)
SELECT $1, field, $3 FROM unnest($2::text[]) AS field ORDER BY field
ON CONFLICT (lead_id, field) DO UPDATE SET version = excluded.version WHERE c.version < excluded.version
RETURNING field
"""
_FIELDS = "SELECT field FROM lead_corrections WHERE lead_id = $1"
_CHANGE = """
UPDATE leads SET first_name = $2, last_name = $3, phone = $4, email = $5, content = $6, updated_at = now(),
    version = version + 1
WHERE id = $1
"""


async def keep(work: UnitOfWork, lead_id: str, edits: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Those of the edits that are newer than what is known."""
    rows = await work.fetch(_KEEP, lead_id, list(edits), version)
    return {row["field"]: edits[row["field"]] for row in rows}


async def fields_of(work: UnitOfWork, lead_id: str) -> set[str]:
    return {row["field"] for row in await work.fetch(_FIELDS, lead_id)}


async def change(work: UnitOfWork, lead_id: str, lead: Mapping[str, Any]) -> None:
    person = (lead["first_name"], lead["last_name"], lead["phone"], lead["email"])
    await work.execute(_CHANGE, lead_id, *person, lead["content"])
