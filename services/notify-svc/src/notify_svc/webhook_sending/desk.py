"""What the dispatcher does with webhooks: marks and claims in one transaction, attempts in none."""

import logging
import random
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.events.notify import AlarmRaisedV1, WebhookDeliveredV1, WebhookExhaustedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.sealing import Sealer

from notify_svc.dispatching import Claimed, UnderWay
from notify_svc.webhook_sending import store
from notify_svc.webhook_sending.attempt import attempt
from notify_svc.webhook_sending.receiver import Receivers
from notify_svc.webhook_sending.rules import ALARM_AFTER_FAILURES, Outcome, next_step
from notify_svc.webhook_sending.store import ClaimedDelivery, Mark, MarkedDelivery, Standing, Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """`lease` is longer than the longest wait for a connection and the longest attempt together."""

    per_endpoint: int
    lease: timedelta


class WebhookDesk:
    def __init__(self, receivers: Receivers, sealer: Sealer, shares: Shares) -> None:
        self._receivers = receivers
        self._sealer = sealer
        self._shares = shares

    def lane(self, item: ClaimedDelivery) -> str:
        return item.endpoint_id

    async def mark(self, work: UnitOfWork, marks: Sequence[Mark]) -> None:
        marked = {delivery.id: delivery for delivery in await store.mark(work, marks)}
        tallies: dict[str, Tally] = {}
        for mark in marks:
            if mark.id in marked:
                tallies.setdefault(mark.endpoint_id, Tally(mark.endpoint_id)).count(mark)
                _tell(work, marked[mark.id])
                _tell_rejected_sale(work, marked[mark.id], mark)
        for standing in await store.tally(work, list(tallies.values()), ALARM_AFTER_FAILURES):
            _tell_standing(work, standing)

    async def expire_leases(self, work: UnitOfWork) -> None:
        for delivery in await store.expire_leases(work):
            _tell(work, delivery)

    async def claim(self, work: UnitOfWork, under_way: UnderWay) -> Claimed[ClaimedDelivery]:
        per_endpoint, lease = self._shares.per_endpoint, self._shares.lease
        return Claimed(await store.claim_due(work, under_way.room, per_endpoint, lease, sorted(under_way.slow)))

    async def attempt(self, item: ClaimedDelivery, place: AbstractAsyncContextManager[None]) -> Mark:
        async with place:
            began = time.monotonic()
            outcome = await attempt(self._receivers, self._sealer, item)
        return _mark_of(item, outcome, int((time.monotonic() - began) * 1000))

    def give_back(self, item: ClaimedDelivery) -> Mark:
        return _mark_of(item, Outcome("released"), 0)

    async def close(self) -> None:
        """Every attempt has closed its own connection."""


def _mark_of(delivery: ClaimedDelivery, outcome: Outcome, took_ms: int) -> Mark:
    after = next_step(outcome, delivery.tries, random.random())
    return Mark(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        lease_token=delivery.lease_token,
        event=outcome.event,
        state=after.state,
        wait_seconds=after.wait.total_seconds() if after.wait is not None else None,
        reason=after.reason,
        status=outcome.status,
        took_ms=took_ms,
        excerpt=outcome.excerpt,
        remote_id=outcome.remote_id,
        verdict=outcome.verdict,
        pause_seconds=outcome.retry_after.total_seconds() if outcome.retry_after else 0,
    )


def _tell(work: UnitOfWork, delivery: MarkedDelivery) -> None:
    about: dict[str, Any] = {
        "delivery_id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "cause_id": delivery.cause_id,
        "cause_type": delivery.cause_type,
        "purpose": delivery.purpose,
        "lead": delivery.lead,
    }
    if delivery.state == "delivered":
        work.publish(WebhookDeliveredV1(**about), sequence=delivery.version, trace=delivery.trace)
    elif delivery.state == "exhausted":
        reason = delivery.reason or "unknown"
        logger.warning("webhook %s is given up: %s", delivery.id, reason)
        work.publish(WebhookExhaustedV1(**about, reason=reason), sequence=delivery.version, trace=delivery.trace)


def _tell_standing(work: UnitOfWork, standing: Standing) -> None:
    if not (standing.gone or standing.alarming):
        return
    alarm = "webhook-gone" if standing.gone else "webhook-failing"
    detail = (
        "A receiver of webhooks answered 410: its endpoint is disabled, and what waited for it is cancelled."
        if standing.gone
        else f"{standing.failures} attempts to reach a receiver of webhooks failed in a row."
    )
    work.publish(AlarmRaisedV1(alarm=alarm, key=standing.id, detail=detail), sequence=standing.alarms)


def _tell_rejected_sale(work: UnitOfWork, delivery: MarkedDelivery, mark: Mark) -> None:
    if mark.verdict == "rejected" and delivery.lead is not None:
        alarm = AlarmRaisedV1(
            alarm="sold-lead-rejected",
            key=delivery.id,
            detail="The buyer's Leadwire took a sold lead and rejected it by its own checks.",
            project_id=delivery.lead.project_id,
            lead_id=delivery.lead.lead_id,
        )
        work.publish(alarm, sequence=delivery.version, trace=delivery.trace)
