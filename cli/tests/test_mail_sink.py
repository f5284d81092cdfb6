"""The local mail sink: a real SMTP conversation in, pages and JSON out."""

import asyncio
import re
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from embedded.ports import free_port
from leadwire.mail import sink as sink_module
from leadwire.mail.pages import mail_routes
from leadwire.mail.sink import MailFolder, MailSink
from leadwire.pages import start_pages

ATTACK = "<script>alert('x')</script>"


class World:
    """The sink and its pages over one folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = MailFolder(folder)
        self.sink = MailSink(self.folder, self.port)
        app = start_pages(list(mail_routes(self.folder)))
        self.pages = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://sink")


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "mail")
    await world.sink.start()
    yield world
    await world.sink.stop()
    await world.pages.aclose()


def _mail(subject: str = "Moi", text: str = "Hei", html: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Leadwire <leadwire@leadwire.local>", "buyer@example.org", subject
    mail["Message-ID"] = "<1@leadwire.local>"
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail


async def _send(world: World, mail: EmailMessage, *to: str) -> None:
    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", world.port, timeout=10) as smtp:
            smtp.send_message(mail, to_addrs=to or ("buyer@example.org",))

    await asyncio.to_thread(talk)


async def test_a_mail_is_kept_with_the_envelopes_recipients(world: World) -> None:
    await _send(world, _mail("Päivää ☎", "Teksti\nkaksi", "<p>Hei</p>"), "one@example.org", "two@example.org")
    (mail,) = (await world.pages.get("/mail/messages")).json()["data"]
    assert mail["recipients"] == ["one@example.org", "two@example.org"]
    assert (mail["subject"], mail["message_id"]) == ("Päivää ☎", "<1@leadwire.local>")
    assert mail["text"].splitlines() == ["Teksti", "kaksi"]
    assert mail["html"].strip() == "<p>Hei</p>"


async def test_pages_escape_what_mails_say(world: World) -> None:
    await _send(world, _mail(f"{ATTACK}&", f"{ATTACK} in the text", f"<p>{ATTACK}</p>"), f'"{ATTACK}"@example.org')
    index = await world.pages.get("/mail")
    (path,) = re.findall(r'href="(/mail/mail_\w+)"', index.text)
    page = await world.pages.get(path)
    for answer in (index, page):
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_html_part_is_shown_in_a_closed_frame(world: World) -> None:
    await _send(world, _mail(html="<p>Hei</p>"))
    (mail,) = (await world.pages.get("/mail/messages")).json()["data"]
    page = (await world.pages.get(f"/mail/{mail['id']}")).text
    assert f'<iframe sandbox title="HTML part" src="/mail/{mail["id"]}/html">' in page
    part = await world.pages.get(f"/mail/{mail['id']}/html")
    assert part.text.strip() == "<p>Hei</p>"
    assert "default-src 'none'" in part.headers["content-security-policy"]


async def test_newest_come_first_and_the_oldest_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "KEPT", 2)
    monkeypatch.setattr(sink_module, "PRUNE_EVERY", 3)
    for subject in ("first", "second", "third"):
        await _send(world, _mail(subject))
    mails = (await world.pages.get("/mail/messages")).json()["data"]
    assert [mail["subject"] for mail in mails] == ["third", "second"]


@pytest.mark.parametrize("mail_id", ["mail_nothing", "..%2f..%2fetc%2fpasswd", "mail_%2e%2e", "secrets.json"])
async def test_nothing_but_mails_is_shown(world: World, tmp_path: Path, mail_id: str) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    assert (await world.pages.get(f"/mail/{mail_id}")).status_code == 404


async def test_two_sinks_do_not_share_a_port(world: World) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await MailSink(world.folder, world.port).start()
