"""Erasure of what the delivery machinery itself holds about a lead: dead letters, delayed and parked messages, and none
of them later.

Rows of the outbox that are on their way are left: who hears them forgets the lead, too, and drops them. They go out
before the receipt of the erasure does, which is in the same outbox behind them.
"""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

_ABOUT = "EXISTS (SELECT FROM unnest($1::bytea[]) AS about (id) WHERE position(about.id IN body) > 0)"
_REMEMBER = "INSERT INTO forgotten (id) SELECT DISTINCT unnest($1::bytea[]) ON CONFLICT DO NOTHING"
_STATEMENTS = {
    "dead_letters": f"DELETE FROM dead_letters WHERE {_ABOUT}",
    "delayed_messages": f"DELETE FROM delayed_messages WHERE {_ABOUT}",
    "outbox": f"DELETE FROM outbox WHERE parked_at IS NOT NULL AND {_ABOUT}",
}


async def forget(work: UnitOfWork, ids: Sequence[str]) -> dict[str, int]:
    """Removes every kept message that names one of `ids` (lead ids); how many rows per table. From now on a message
    that names one and dies is not kept.
    """
    needles = [one.encode() for one in ids]
    await work.execute(_REMEMBER, needles)
    removed: dict[str, int] = {}
    for table, statement in _STATEMENTS.items():
        removed[table] = int((await work.execute(statement, needles)).rsplit(" ", 1)[1])
    return removed
