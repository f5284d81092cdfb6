"""Erasure: the suppression of a person outlives their number and address (I2.27)."""

from contracts.ids import new_id
from lead_intake_svc.reference.store import bump
from lead_intake_svc.suppressions import store
from lead_intake_svc.suppressions.hashing import Hashing
from messaging.unit_of_work import UnitOfWork


async def keep_hashed(work: UnitOfWork, hashing: Hashing, kind: str, value: str) -> int:
    """Replaces the value by its hash wherever it is suppressed, and suppresses it everywhere from now on. Says how many
    rows held it. `kind` is `phone` or `email`, `value` normalised. Nobody is told: the other services forget it, too.
    """
    hashed = hashing(kind, value)
    replaced = await store.replace_value(work, kind, value, hashed)
    await store.insert(work, new_id("sup"), {"kind": kind, "value": hashed, "scope": "global", "scope_id": None})
    await bump(work, "suppressions")
    return replaced
