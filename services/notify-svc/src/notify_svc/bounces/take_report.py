"""What came back is written down, told, and the address gets nothing more."""

from typing import Literal

import msgspec
from contracts.envelope import Trace
from contracts.events.notify import EmailBouncedV1
from contracts.events.values import LeadRef
from messaging.unit_of_work import UnitOfWork

from notify_svc.bounces import store
from notify_svc.bounces.reports import Report
from notify_svc.suppressions.store import NewSuppression, suppress

Taken = Literal["taken", "known", "noted", "unknown-mail"]


async def take_report(work: UnitOfWork, report: Report) -> Taken:
    """Only of mails that we sent, and about whom we sent them to: a report cannot suppress anybody else's address.

    The same report again is `known`; one about a delay is `noted` in the log and changes nothing.
    """
    email = await store.find_mail(work, store.Wanted(report.message_id, report.recipient))
    if email is None:
        return "unknown-mail"
    words = report.words or report.status
    event = {"complaint": "complained", "bounce": "bounced"}[report.kind] if report.permanent else "delayed"
    if await store.has_logged(work, email["id"], event):
        return "known"
    await store.log(work, email, event, words)
    if not report.permanent:
        return "noted"
    reason = f"{report.kind}-{report.status}" if report.status else report.kind
    new = NewSuppression(address=email["recipient"], kind=report.kind, reason=reason, reply=words, email_id=email["id"])
    await suppress(work, new)
    if report.kind == "bounce":
        version = await store.fail(work, email["id"], reason)
    else:
        version = await store.touch(work, email["id"])
    bounced = EmailBouncedV1(
        email_id=email["id"],
        cause_id=str(email["cause_id"]),
        template=email["template"],
        recipient=email["recipient"],
        lead=msgspec.convert(email["lead"], LeadRef | None),
        kind=report.kind,
        reason=reason,
    )
    work.publish(bounced, sequence=version, trace=msgspec.convert(email["trace"], Trace))
    return "taken"
