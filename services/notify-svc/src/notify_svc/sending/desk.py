"""What the dispatcher does with mails: letters for the SMTP server, and what becomes of them."""

import logging
import random
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.notify import EmailFailedV1, EmailSentV1, EmailSuppressedV1
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from notify_svc.dispatching import Claimed, UnderWay
from notify_svc.recipients.preferences import quiet_until
from notify_svc.sending import store
from notify_svc.sending.composing import Composer, EmailUnsendable
from notify_svc.sending.mail_server import MailServer
from notify_svc.sending.pacing import Paces, pace
from notify_svc.sending.rules import Outcome, next_step
from notify_svc.sending.store import Claim, ClaimedEmail, Mark, MarkedEmail

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(days=3)
MAX_REPLY_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`per_domain`: mails claimed and not done, those that stand ready included."""

    per_domain: int = 12
    lease: timedelta = timedelta(minutes=5)
    longest_pause_seconds: float = 30.0
    paces: Paces = field(default_factory=Paces)

    @property
    def conversation_seconds(self) -> float:
        return self.lease.total_seconds() * 0.8


class MailDesk:
    def __init__(self, server: MailServer, composer: Composer, limits: Limits) -> None:
        self._server = server
        self._composer = composer
        self._limits = limits
        self._pause_seconds = 0.0
        self._paused_until = 0.0

    def lane(self, item: ClaimedEmail) -> str:
        return item.domain

    async def mark(self, work: UnitOfWork, marks: Sequence[Mark]) -> None:
        for email in await store.mark(work, marks):
            _tell(work, email)

    async def expire_leases(self, work: UnitOfWork) -> None:
        await store.expire_leases(work)

    async def claim(self, work: UnitOfWork, under_way: UnderWay) -> Claimed[ClaimedEmail]:
        if time.monotonic() < self._paused_until:
            return Claimed([])
        claimed = await store.claim_due(work, self._claim(under_way))
        if not (self._limits.paces.any and claimed):
            return Claimed(claimed)
        going = await pace(work, self._limits.paces, claimed)
        return Claimed(going, again=len(going) < len(claimed))

    async def attempt(self, item: ClaimedEmail, place: AbstractAsyncContextManager[None]) -> Mark:
        outcome = _not_now(item)
        if outcome is None:
            async with place:
                outcome = await self._converse(item)
            if outcome.event == "unreachable":
                self._pause(item, outcome)
            elif outcome.event != "unsendable":
                self._pause_seconds = 0.0
        return _mark(item, outcome)

    def give_back(self, item: ClaimedEmail) -> Mark:
        return _mark(item, Outcome("released"))

    async def close(self) -> None:
        await self._server.close()

    def _claim(self, under_way: UnderWay) -> Claim:
        # A slow domain counts as if all its places but one were taken.
        per_domain, running = self._limits.per_domain, dict(under_way.running)
        running |= {domain: running.get(domain, 0) + per_domain - 1 for domain in under_way.slow}
        return Claim(
            limit=under_way.room,
            per_domain=per_domain,
            running=running,
            lease=self._limits.lease,
            give_up_after=GIVE_UP_AFTER,
            domain=self._composer.domain,
        )

    async def _converse(self, email: ClaimedEmail) -> Outcome:
        try:
            letter = await self._composer.compose(email)
        except EmailUnsendable as error:
            return Outcome("unsendable", reply=error.reason)
        except DATABASE_TROUBLE:
            return Outcome("released")
        return await self._server.deliver(letter, self._limits.conversation_seconds)

    def _pause(self, email: ClaimedEmail, outcome: Outcome) -> None:
        """While the server cannot be reached only a few mails try it, rarer and rarer; the others keep their turn."""
        if time.monotonic() >= self._paused_until:
            self._pause_seconds = min(max(1.0, self._pause_seconds * 2), self._limits.longest_pause_seconds)
            self._paused_until = time.monotonic() + self._pause_seconds
            code = outcome.code if outcome.code is not None else "no reply"
            logger.warning("the SMTP server cannot be used (%s): mail %s is tried again later", code, email.id)


def _not_now(email: ClaimedEmail) -> Outcome | None:
    """What keeps a mail from being tried at all, at this time or for good."""
    if email.suppressed is not None:
        return Outcome("suppressed", reply=f"address-{email.suppressed}")
    if email.wishes is not None and not email.at_once:
        now = datetime.now(UTC)
        ends = quiet_until(email.wishes, now)
        if ends is not None:
            return Outcome("held", reply="quiet-hours", wait=ends - now)
    return None


def _mark(email: ClaimedEmail, outcome: Outcome) -> Mark:
    after = next_step(outcome, email.standing, random.random())
    return Mark(
        id=email.id,
        lease_token=email.lease_token,
        event=outcome.event,
        code=outcome.code,
        reply=outcome.reply[:MAX_REPLY_LENGTH],
        state=after.state,
        wait_seconds=after.wait.total_seconds() if after.wait is not None else None,
        reason=after.reason,
        suppress=after.suppress,
    )


def _tell(work: UnitOfWork, email: MarkedEmail) -> None:
    about: dict[str, Any] = {
        "email_id": email.id,
        "cause_id": email.cause_id,
        "template": email.template,
        "recipient": email.recipient,
        "lead": email.lead,
    }
    reason = email.reason or "unknown"
    match email.state:
        case "sent":
            event = EmailSentV1(**about)
        case "failed":
            logger.warning("mail %s failed: %s", email.id, reason)
            event = EmailFailedV1(**about, reason=reason)
        case "suppressed":
            event = EmailSuppressedV1(**about, reason=reason)
        case _:
            return
    work.publish(event, sequence=email.version, trace=email.trace)
