"""One attempt to deliver: the request that is made of a claimed delivery, and what its answer means."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from servicekit.sealing import SealBroken, Sealer

from notify_svc.webhook_sending.excerpts import excerpt_of
from notify_svc.webhook_sending.receiver import AddressRefused, Answer, NotDelivered, Post, Receivers
from notify_svc.webhook_sending.rules import LONGEST_RETRY_AFTER, Outcome, judge
from notify_svc.webhook_sending.signing import signed_headers
from notify_svc.webhook_sending.store import ClaimedDelivery

USER_AGENT = "Leadwire-Webhooks/1"


async def attempt(receivers: Receivers, sealer: Sealer, delivery: ClaimedDelivery) -> Outcome:
    """Never raises for what the receiver or the network does."""
    try:
        post = _post_of(delivery, sealer)
    except SealBroken:
        return Outcome("secret-unreadable")
    to_leadwire = delivery.kind == "leadwire"
    try:
        answer = await receivers.post(post, read_success=to_leadwire)
    except AddressRefused as refused:
        return Outcome("address-refused", excerpt=refused.reason)
    except NotDelivered as trouble:
        return Outcome(trouble.how)  # pyright: ignore[reportArgumentType] -- its four words are among the events
    return _outcome(answer, delivery, to_leadwire=to_leadwire)


def _post_of(delivery: ClaimedDelivery, sealer: Sealer) -> Post:
    """Raises SealBroken. A buyer's Leadwire knows us by its partner key, everybody else by the signature."""
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept": "application/json"}
    if delivery.kind == "leadwire":
        key = sealer.open(delivery.api_key or b"", delivery.endpoint_id)
        headers["Authorization"] = f"Bearer {key}"
    else:
        opened = [sealer.open(sealed, delivery.endpoint_id) for sealed in delivery.secrets]
        headers |= signed_headers(delivery.id, delivery.body, opened, datetime.now(UTC))
    return Post(delivery.url, headers, delivery.body.encode())


def _outcome(answer: Answer, delivery: ClaimedDelivery, *, to_leadwire: bool) -> Outcome:
    event = judge(answer.status)
    if event == "delivered":
        remote_id, verdict = _intake_answer(answer.body) if to_leadwire else (None, None)
        return Outcome(event, answer.status, excerpt=verdict, remote_id=remote_id, verdict=verdict)
    excerpt = excerpt_of(answer.body, msgspec.json.decode(delivery.body))
    wait = retry_after(answer.headers, datetime.now(UTC)) if event == "throttled" else None
    return Outcome(event, answer.status, excerpt, wait)


def _intake_answer(body: bytes) -> tuple[str | None, str | None]:
    """What a Leadwire calls the lead, and what it made of it (`accepted`, `rejected`, `quarantined`)."""
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, None
    if not isinstance(answer, dict):
        return None, None
    lead_id, status = answer.get("id"), answer.get("status")
    known = status if status in {"accepted", "rejected", "quarantined"} else None
    return (lead_id if isinstance(lead_id, str) and 0 < len(lead_id) <= 100 else None), known


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Seconds or a date, a day at most; None without one that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=min(int(value[:12]), LONGEST_RETRY_AFTER.total_seconds()))
    else:
        try:
            moment = parsedate_to_datetime(value)
            wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)
