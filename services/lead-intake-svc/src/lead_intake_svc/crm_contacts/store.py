"""SQL of contacts that enter."""

from collections.abc import Collection

from messaging.unit_of_work import UnitOfWork

# Whoever lets contacts in has it shared: an erasure waits for them, and finds their leads, or they wait, and find
# the person erased.
_BEGIN = "SELECT pg_advisory_xact_lock_shared(hashtextextended('lead-intake-svc.contacts', 0))"
_KEEP_OUT = "SELECT pg_advisory_xact_lock(hashtextextended('lead-intake-svc.contacts', 0))"
_ERASED_AMONG = "SELECT value FROM suppressions WHERE kind IN ('phone', 'email') AND value = ANY($1::text[])"


async def begin_letting_in(work: UnitOfWork) -> None:
    await work.execute(_BEGIN)


async def keep_contacts_out(work: UnitOfWork) -> None:
    """Until this transaction ends."""
    await work.execute(_KEEP_OUT)


async def erased_among(work: UnitOfWork, hashes: Collection[str]) -> set[str]:
    """Those of erased people: of nobody else a hash is kept."""
    return {row["value"] for row in await work.fetch(_ERASED_AMONG, list(hashes))}
