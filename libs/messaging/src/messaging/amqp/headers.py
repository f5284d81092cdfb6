"""Between messages on the broker and what the delivery rules know of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.envelope import UndecodableMessage, decode_envelope

from messaging.amqp import names
from messaging.amqp.side_publisher import SideMessage
from messaging.amqp.wire.consuming import Arrived
from messaging.dead_letters import DeadLetter
from messaging.delayed.store import DelayedMessage
from messaging.inbox.decoding import id_of_body
from messaging.inbox.delivery import Dead, Delivery, TryAgain


def delivery_of(arrived: Arrived) -> Delivery:
    headers = arrived.headers
    if not headers:
        return Delivery(arrived.body)
    return Delivery(
        arrived.body,
        attempts=_number(headers.get(names.ATTEMPTS)),
        waits=_number(headers.get(names.WAITS)),
        # 4.3 counts only failures in the first, and in the second how often a consumer had it, crashes included
        # (https://github.com/rabbitmq/rabbitmq-website/pull/2508). Either makes a suspect.
        redeliveries=max(_number(headers.get("x-delivery-count")), _number(headers.get("x-acquired-count"))),
    )


def retry_message(queue: str, tier: str, delivery: Delivery, verdict: TryAgain) -> SideMessage:
    """Comes back to the queue when the tier's time is over: the routing key survives the dead-lettering."""
    headers = {names.ATTEMPTS: verdict.attempts, names.WAITS: verdict.waits}
    return SideMessage(tier, queue, str(verdict.message_id), delivery.body, headers)


def dead_message(queue: str, dead_queue: str, delivery: Delivery, verdict: Dead) -> SideMessage:
    headers = {
        names.QUEUE: queue,
        names.TYPE: verdict.type,
        names.SUBJECT: verdict.subject,
        names.FAILURE: verdict.code,
        names.DETAIL: verdict.detail,
        names.ATTEMPTS: verdict.attempts,
    }
    return SideMessage("", dead_queue, str(verdict.message_id), delivery.body, headers)


def returning_message(message: DelayedMessage) -> SideMessage:
    headers = {names.ATTEMPTS: message.attempts, names.WAITS: message.waits}
    return SideMessage("", message.queue, str(message.message_id), message.body, headers)


def dead_letter_of(arrived: Arrived, dead_queue: str) -> DeadLetter:
    """Of ours, or of one that the broker itself gave up on."""
    headers = arrived.headers
    if names.FAILURE not in headers:
        return _given_up_by_broker(arrived, dead_queue, headers)
    return DeadLetter(
        message_id=_uuid(arrived.message_id) or id_of_body(arrived.body),
        queue=_text(headers.get(names.QUEUE)) or dead_queue,
        type=_text(headers.get(names.TYPE)),
        subject=_text(headers.get(names.SUBJECT)),
        body=arrived.body,
        failure=_text(headers.get(names.FAILURE)),
        detail=_text(headers.get(names.DETAIL)),
        attempts=_number(headers.get(names.ATTEMPTS)),
    )


def _given_up_by_broker(arrived: Arrived, dead_queue: str, headers: Mapping[str, Any]) -> DeadLetter:
    deaths = headers.get("x-death")
    death: Mapping[str, Any] = deaths[0] if isinstance(deaths, list) and deaths else {}
    try:
        envelope = decode_envelope(arrived.body)
        message_id, event_type, subject = envelope.id, _text(envelope.type), _text(envelope.subject)
    except UndecodableMessage:
        message_id, event_type, subject = id_of_body(arrived.body), "", ""
    return DeadLetter(
        message_id=message_id,
        queue=_text(death.get("queue")) or dead_queue,
        type=event_type,
        subject=subject,
        body=arrived.body,
        failure=f"broker-{_text(death.get('reason')) or 'unknown'}",
        detail="the broker gave up on it",
        attempts=_number(death.get("count")),
    )


def tier_names(service: str, delays: Sequence[timedelta]) -> list[str]:
    return [names.retry_tier(service, delay) for delay in delays]


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 10_000 else 0


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        value = value.decode(errors="replace")
    return value.replace("\0", "")[:200] if isinstance(value, str) else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
