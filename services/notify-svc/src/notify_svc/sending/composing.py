"""Makes the mail of a ledger row: the same row gives the same mail, whenever it is sent."""

from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr

from messaging.database import Database

from notify_svc.sending.addresses import is_sendable, one_line
from notify_svc.sending.mail_server import Letter
from notify_svc.sending.store import ClaimedEmail
from notify_svc.templates.rendering import Rendered, Template, TemplateUnrenderable
from notify_svc.templates.store import read_template

MOST_TEMPLATES = 200
LONGEST_WORD = 60
_LINES = compat32.clone(linesep="\r\n")
_UTF_8 = Charset("utf-8")
_UTF_8.body_encoding = QP


class EmailUnsendable(Exception):
    """No server will ever get this mail; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer:
    """`sender` is `Name <address>` or an address."""

    def __init__(self, database: Database, sender: str) -> None:
        self._database = database
        self._sender = sender
        self._address = parseaddr(sender)[1]
        self._templates: dict[tuple[str, int], Template] = {}

    @property
    def domain(self) -> str:
        """Of the sender: Message-IDs are made in it."""
        return self._address.rpartition("@")[2]

    async def compose(self, email: ClaimedEmail) -> Letter:
        """Raises EmailUnsendable."""
        if email.erased:
            raise EmailUnsendable("erased")
        if not is_sendable(email.recipient):
            raise EmailUnsendable("address-invalid")
        try:
            template = await self._template(email.template, email.template_version)
            rendered = template.render(email.variables)
        except TemplateUnrenderable:
            raise EmailUnsendable("template-unrenderable") from None
        try:
            content = build_message(self._sender, email, rendered).as_bytes()
        except ValueError:
            raise EmailUnsendable("message-invalid") from None
        return Letter(self._address, email.recipient, content)

    async def _template(self, key: str, version: int) -> Template:
        known = self._templates.get((key, version))
        if known is None:
            row = await read_template(self._database, key, version)
            known = Template(row["subject"], row["text"], row["html"])
            if len(self._templates) >= MOST_TEMPLATES:
                self._templates.pop(next(iter(self._templates)))
            self._templates[key, version] = known
        return known


def build_message(sender: str, email: ClaimedEmail, rendered: Rendered) -> Message:
    """Raises ValueError for what does not fit into a header.

    Of the older class: the newer one decodes what looks like an encoded word in a value, and writes out the line breaks
    that it found in there; and it reads its own headers again and again, 3 ms a mail. The boundary is the ledger's id,
    which nobody knew who wrote something that is in the mail.
    """
    message = Message(policy=_LINES)
    message["From"] = formataddr(parseaddr(sender))
    message["To"] = email.recipient
    message["Subject"] = _encoded(one_line(rendered.subject))
    message["Date"] = format_datetime(email.created_at)
    message["Message-ID"] = email.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    if not rendered.html:
        return _filled(message, "plain", rendered.text)
    message["Content-Type"] = f'multipart/alternative; boundary="{email.id}"'
    for kind, text in (("plain", rendered.text), ("html", rendered.html)):
        message.attach(_filled(Message(policy=_LINES), kind, text))
    return message


def _encoded(subject: str) -> str:
    """Encoded also where it is ASCII but looks as if it were encoded, or cannot be folded: it is read as written."""
    if subject.isascii() and "=?" not in subject and max(map(len, subject.split()), default=0) <= LONGEST_WORD:
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _filled(part: Message, kind: str, text: str) -> Message:
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(_UTF_8.body_encode(text))
    return part
