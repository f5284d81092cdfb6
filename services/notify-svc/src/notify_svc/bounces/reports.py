"""Reads what mail systems send back: delivery status notifications (RFC 3464) and complaints (RFC 5965). Pure rules."""

import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Literal

MAX_PARTS = 100
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")

Kind = Literal["bounce", "complaint"]


class ReportUnreadable(ValueError):
    """It is none of the kinds of reports that we know. Its text holds no input values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened to a mail that we had sent. `message_id` is that mail's; `words` are the other side's.

    `permanent`: it will not arrive, and neither will others to the address.
    """

    kind: Kind
    message_id: str | None
    recipient: str | None
    permanent: bool
    status: str
    words: str = ""


def read_report(content: bytes) -> list[Report]:
    """One per recipient. Raises ReportUnreadable."""
    message = message_from_bytes(content, policy=email.policy.compat32)
    parts = list(_parts(message))
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    original = _message_id(parts)
    if feedback is not None:
        return [_complaint(feedback, original)]
    statuses = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    reports = [report for part in statuses for report in _bounces(part, original)]
    if not reports:
        raise ReportUnreadable("there is neither a delivery status nor a feedback report in it")
    return reports


def _parts(message: Message) -> Iterator[Message]:
    """What is inside of mails that are inside is theirs, not the report's; only their headers are read."""
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            raise ReportUnreadable("it has too many parts")
        yield part


def _message_id(parts: list[Message]) -> str | None:
    for part in parts:
        kind = part.get_content_type()
        inner = part.get_payload()
        if kind == "message/rfc822" and isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return _first_id(_header(inner[0], "Message-ID"))
        if kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            text = payload if isinstance(payload, bytes) else b""
            return _first_id(_header(message_from_bytes(text, policy=email.policy.compat32), "Message-ID"))
    return None


def _complaint(feedback: Message, original: str | None) -> Report:
    fields = _fields(feedback)
    return Report(
        kind="complaint",
        message_id=original,
        recipient=_address(_header(fields, "Original-Rcpt-To")) or _address(_header(fields, "Final-Recipient")),
        permanent=True,
        status=_header(fields, "Feedback-Type").lower()[:50] or "abuse",
    )


def _bounces(part: Message, original: str | None) -> Iterator[Report]:
    groups = part.get_payload()
    for group in groups if isinstance(groups, list) else []:
        if not isinstance(group, Message) or not _header(group, "Action"):
            continue
        found = _STATUS.search(_header(group, "Status")) or _STATUS.search(_header(group, "Diagnostic-Code"))
        status = found.group() if found else ""
        yield Report(
            kind="bounce",
            message_id=original,
            recipient=_address(_header(group, "Original-Recipient")) or _address(_header(group, "Final-Recipient")),
            permanent=_header(group, "Action").strip().lower() == "failed" and not status.startswith("4"),
            status=status,
            words=" ".join(_header(group, "Diagnostic-Code").split())[:500],
        )


def _fields(part: Message) -> Message:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return message_from_bytes(str(payload).encode("utf-8", "replace"), policy=email.policy.compat32)


def _header(message: Message, name: str) -> str:
    return str(message.get(name, ""))


def _first_id(value: str) -> str | None:
    found = _MESSAGE_ID.search(value)
    return found.group() if found else None


def _address(value: str) -> str | None:
    """`rfc822; someone@example.org` without the kind."""
    address = value.rpartition(";")[2].strip().strip("<>").lower()
    return address if "@" in address else None
