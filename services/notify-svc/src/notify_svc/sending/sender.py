"""The task that sends: claims what is due, talks to the server without a transaction, marks what came of it."""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.notify import EmailFailedV1, EmailSentV1, EmailSuppressedV1
from messaging.database import Database
from messaging.inbox.failures import DATABASE_TROUBLE
from messaging.unit_of_work import UnitOfWork

from notify_svc.recipients.preferences import quiet_until
from notify_svc.sending import store
from notify_svc.sending.composing import Composer, EmailUnsendable
from notify_svc.sending.lanes import Lanes
from notify_svc.sending.mail_server import MailServer
from notify_svc.sending.pacing import Paces, pace
from notify_svc.sending.rules import Outcome, next_step
from notify_svc.sending.store import Claim, ClaimedEmail, Mark, MarkedEmail

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(days=3)
MAX_REPLY_LENGTH = 500
READY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`poll_seconds` is how long a mail that comes to an idle sender waits at most."""

    connections: int = 8
    per_domain: int = 4
    lease: timedelta = timedelta(minutes=5)
    poll_seconds: float = 0.5
    finish_seconds: float = 10.0
    longest_pause_seconds: float = 30.0
    paces: Paces = field(default_factory=Paces)

    @property
    def turn(self) -> int:
        """So many outcomes are worth a transaction."""
        return self.connections

    @property
    def conversation_seconds(self) -> float:
        return self.lease.total_seconds() * 0.8


class Sender:
    """Any number of them may run, here and in other processes.

    READY times as many mails as are under way stand ready behind them: so one transaction marks and claims for many,
    and connections do not wait for it.
    """

    def __init__(self, database: Database, server: MailServer, composer: Composer, limits: Limits) -> None:
        self._database = database
        self._server = server
        self._composer = composer
        self._limits = limits
        self._running: dict[asyncio.Task[None], ClaimedEmail] = {}
        self._finished: list[Mark] = []
        self._pause_seconds = 0.0
        self._paused_until = 0.0
        self._leases_checked_at = float("-inf")
        self._turn: asyncio.Task[list[ClaimedEmail]] | None = None
        self._worth_a_turn = asyncio.Event()
        self._lanes = Lanes(limits.connections)

    async def run(self) -> None:
        """Until it is cancelled: then what is being sent is finished and marked, for a while."""
        try:
            while True:
                await self._round()
        finally:
            await self._finish()

    async def _round(self) -> None:
        # Shielded: a claim that was committed must not be forgotten because we were cancelled meanwhile.
        self._worth_a_turn.clear()
        self._turn = asyncio.create_task(self._mark_and_claim())
        try:
            claimed = await asyncio.shield(self._turn)
        except DATABASE_TROUBLE as error:
            logger.warning("sending waits for the database: %s", type(error).__name__)
            self._turn = None
            await asyncio.sleep(1)
            return
        self._turn = None
        self._start(claimed)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.poll_seconds):
                await self._worth_a_turn.wait()

    def _start(self, claimed: list[ClaimedEmail]) -> None:
        for email in claimed:
            task = asyncio.create_task(self._send(email))
            self._running[task] = email
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        email = self._running.pop(task)
        if len(self._running) - self._lanes.aside <= (1 + READY) * self._limits.connections - self._limits.turn:
            self._worth_a_turn.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("sending mail %s broke off: %s", email.id, type(error).__name__)

    async def _mark_and_claim(self) -> list[ClaimedEmail]:
        """One transaction for both. Marks are kept until it is committed; a repeated mark changes nothing."""
        marks = list(self._finished)
        claim = self._claim()
        check_leases = time.monotonic() - self._leases_checked_at > self._limits.lease.total_seconds() / 20
        if not marks and not check_leases and claim.limit <= 0:
            return []
        async with self._database.unit_of_work() as work:
            if marks:
                for email in await store.mark(work, marks):
                    _tell(work, email)
            if check_leases:
                await store.expire_leases(work)
            claimed = await store.claim_due(work, claim) if claim.limit > 0 else []
            if self._limits.paces.any and claimed:
                going = await pace(work, self._limits.paces, claimed)
                if len(going) < len(claimed):
                    self._worth_a_turn.set()
                claimed = going
        del self._finished[: len(marks)]
        if check_leases:
            self._leases_checked_at = time.monotonic()
        return claimed

    def _claim(self) -> Claim:
        paused = time.monotonic() < self._paused_until
        running = Counter(email.domain for email in self._running.values())
        return Claim(
            limit=0 if paused else (1 + READY) * self._limits.connections - (len(self._running) - self._lanes.aside),
            per_domain=self._limits.per_domain,
            running=self._lanes.counted(running, self._limits.per_domain),
            lease=self._limits.lease,
            give_up_after=GIVE_UP_AFTER,
            domain=self._composer.domain,
        )

    async def _send(self, email: ClaimedEmail) -> None:
        outcome = _not_now(email)
        if outcome is None:
            async with self._lanes.place(email.domain):
                outcome = await self._attempt(email)
            if outcome.event == "unreachable":
                self._pause(email, outcome)
            elif outcome.event != "unsendable":
                self._pause_seconds = 0.0
        self._finished.append(_mark(email, outcome))

    async def _attempt(self, email: ClaimedEmail) -> Outcome:
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

    async def _finish(self) -> None:
        with contextlib.suppress(*DATABASE_TROUBLE):
            claimed = await self._turn if self._turn is not None else []
            self._finished += [_mark(email, Outcome("released")) for email in claimed]
        if self._running:
            await asyncio.wait(self._running, timeout=self._limits.finish_seconds)
        for task in list(self._running):
            task.cancel()
        await self._server.close()
        async with self._database.unit_of_work() as work:
            for email in await store.mark(work, self._finished):
                _tell(work, email)
        self._finished = []


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
