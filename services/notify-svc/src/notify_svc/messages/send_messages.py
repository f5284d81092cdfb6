"""Queues what agents send to leads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from contracts.events.assignment import MessageRequestedV1
from messaging.errors import PermanentFailure
from messaging.subscription import Received
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.templates.store import read_existing

_MESSAGES = UUID("5b0c7a52-6d0e-4c39-9d9b-1f6f2f0f6d11")


async def send_messages(work: UnitOfWork, batch: Sequence[Received[Any]]) -> None:
    """One mail per `message_id`, however often it is asked for. A template that was deleted meanwhile is still sent."""
    wanted = sorted({received.event.template_id for received in batch})
    if len(await read_existing(work, wanted)) < len(wanted):
        raise PermanentFailure("template-unknown")
    await queue_emails(work, [_mail(received) for received in batch])


def _mail(received: Received[Any]) -> NewEmail:
    message: MessageRequestedV1 = received.event
    return NewEmail(
        cause_id=uuid5(_MESSAGES, message.message_id),
        template=message.template_id,
        recipient=message.recipient.strip().lower(),
        lead=message.lead,
        variables=message.variables,
        trace=received.envelope.trace,
        to_person=True,
    )
