"""`leadwire audit prune`: retention of the audit log, which no service may shorten."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter
from messaging.database import Database
from servicekit.audit import Act, act_as, record
from servicekit.audit.doer import of_command_line

from leadwire.operate.store import prune_entries
from leadwire.operate.where import Where
from leadwire.services import IDENTITY

SHORTEST_DAYS = 30
PORTION = 5000
app = App(name="audit", help="The log of who changed what.")


@app.command
def prune(
    *,
    older_than_days: Annotated[int, Parameter(help=f"At least {SHORTEST_DAYS}.")],
    where: Annotated[Where, Parameter(name="*")] = Where(),  # noqa: B008 -- frozen
    dry_run: Annotated[bool, Parameter(negative="", help="Only count.")] = False,
) -> None:
    """Remove old entries, as the owner of the schema. That it was done is an entry itself."""
    if older_than_days < SHORTEST_DAYS:
        sys.exit(f"Entries are kept for {SHORTEST_DAYS} days at least.")
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    count = asyncio.run(_prune(where.databases().owner_dsn(IDENTITY), before, dry_run=dry_run))
    sys.stdout.write(f"{count} entries {'would be' if dry_run else 'were'} removed\n")


async def _prune(dsn: str, before: datetime, *, dry_run: bool) -> int:
    """In portions, each with its own entry, so that the log is never locked for long."""
    database = await Database.connect(dsn, source=f"/leadwire/{IDENTITY.name}", max_size=1, patience=None)
    total = 0
    try:
        while True:
            async with database.unit_of_work() as work:
                count = await prune_entries(work, before, PORTION, dry_run=dry_run)
                if count and not dry_run:
                    await act_as(work, of_command_line("leadwire audit prune"))
                    details = {"count": count, "before": before.isoformat()}
                    await record(work, Act(action="prune", object_kind="audit", details=details))
            total += count
            if dry_run or count < PORTION:
                return total
    finally:
        await database.close()
