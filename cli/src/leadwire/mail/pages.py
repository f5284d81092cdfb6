"""`/mail`: what the sink holds, for people and (as JSON) for programs. Loopback only: it shows other people's mail."""

from email.message import EmailMessage
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from leadwire.mail.sink import MailFolder, StoredMail
from leadwire.pages import page

_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src data:"}


def mail_routes(folder: MailFolder) -> list[Route]:
    async def index(_: Request) -> Response:
        mails = folder.newest()
        rows = "".join(_row(mail) for mail in mails) or "<tr><td colspan=3>No mail yet. Push a lead.</td></tr>"
        table = f"<table><thead><tr><th>Received<th>To<th>Subject</thead><tbody>{rows}</tbody></table>"
        return HTMLResponse(page("Mail", table), headers=_POLICY)

    async def messages(_: Request) -> Response:
        return JSONResponse({"data": [_as_json(mail) for mail in folder.newest(1000)]})

    async def show(request: Request) -> Response:
        mail = folder.find(request.path_params["mail_id"])
        if mail is None:
            return HTMLResponse(page("Mail", "<p>This mail is not here any more.</p>"), 404, _POLICY)
        return HTMLResponse(page(str(mail.message["Subject"]), _body(mail)), headers=_POLICY)

    async def html(request: Request) -> Response:
        mail = folder.find(request.path_params["mail_id"])
        content = _part(mail.message, "html") if mail else ""
        return HTMLResponse(content, headers={**_POLICY, "X-Frame-Options": "SAMEORIGIN"})

    return [
        Route("/mail", index),
        Route("/mail/messages", messages),
        Route("/mail/{mail_id}", show),
        Route("/mail/{mail_id}/html", html),
    ]


def _row(mail: StoredMail) -> str:
    subject, to = escape(str(mail.message["Subject"])), escape(", ".join(mail.recipients))
    return (
        f"<tr><td><time>{mail.received_at:%Y-%m-%d %H:%M:%S}</time><td>{to}"
        f'<td><a href="/mail/{escape(mail.mail_id)}">{subject}</a></tr>'
    )


def _body(mail: StoredMail) -> str:
    names = ("From", "To", "Subject", "Date", "Message-ID")
    headers = "".join(f"<tr><th>{name}<td>{escape(str(mail.message[name] or ''))}</tr>" for name in names)
    text = f"<h2>Text</h2><pre>{escape(_part(mail.message, 'plain'))}</pre>"
    frame = f'<h2>HTML</h2><iframe sandbox title="HTML part" src="/mail/{escape(mail.mail_id)}/html"></iframe>'
    return f"<p><a href=/mail>All mail</a></p><table>{headers}</table>{text}" + (
        frame if _part(mail.message, "html") else ""
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def _as_json(mail: StoredMail) -> dict[str, object]:
    return {
        "id": mail.mail_id,
        "received_at": mail.received_at.isoformat(),
        "recipients": mail.recipients,
        "subject": str(mail.message["Subject"]),
        "message_id": str(mail.message["Message-ID"]),
        "text": _part(mail.message, "plain"),
        "html": _part(mail.message, "html"),
    }
