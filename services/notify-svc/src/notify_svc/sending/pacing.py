"""Limits per domain and per sponsor (N5.5), kept by all senders together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from messaging.unit_of_work import UnitOfWork

from notify_svc.sending import store
from notify_svc.sending.store import ClaimedEmail

Key = tuple[str, str]
# So much of a minute's mails may go at once after a pause.
BURST = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paces:
    """Mails per minute: of every domain and every sponsor, unless it has a figure of its own. 0: no limit."""

    domain: int = 0
    sponsor: int = 0
    domains: Mapping[str, int] = field(default_factory=dict[str, int])
    sponsors: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def any(self) -> bool:
        return bool(self.domain or self.sponsor or self.domains or self.sponsors)

    def of(self, email: ClaimedEmail) -> dict[Key, timedelta]:
        """How far apart mails must be, by what limits this one."""
        limits = {("domain", email.domain): self.domains.get(email.domain, self.domain)}
        if email.sponsor_id is not None:
            limits["sponsor", email.sponsor_id] = self.sponsors.get(email.sponsor_id, self.sponsor)
        return {key: timedelta(minutes=1) / limit for key, limit in limits.items() if limit > 0}


async def pace(work: UnitOfWork, paces: Paces, claimed: Sequence[ClaimedEmail]) -> list[ClaimedEmail]:
    """Those that may go now; each of the others has got its time, and waits for it."""
    limited = [email for email in claimed if not email.has_slot and paces.of(email)]
    if not limited:
        return list(claimed)
    keys = sorted({key for email in limited for key in paces.of(email)})
    slots = await store.read_slots(work, keys)
    now = datetime.now(UTC)
    postponed: dict[str, datetime] = {}
    for email in limited:
        at = take_slot(slots, paces.of(email), now)
        if at > now:
            postponed[email.id] = at
    await store.write_slots(work, slots)
    if postponed:
        await store.postpone(work, postponed)
    return [email for email in claimed if email.id not in postponed]


def take_slot(slots: dict[Key, datetime], apart: Mapping[Key, timedelta], now: datetime) -> datetime:
    """When a mail may go that all of `apart` limit; `slots` says from then on when the next may."""
    at = max([now, *(slots[key] - BURST for key in apart if key in slots)])
    for key, gap in apart.items():
        slots[key] = max(slots.get(key, now), at) + gap
    return at
