"""security.md: what is said of a person stays in databases and mails. It is seeded, travels everywhere, and is looked
for where it must not be: logs, traces, metrics, addresses, routing keys, headers, queue names and listings.
"""

from typing import Any
from urllib.parse import quote
from uuid import uuid4
from zlib import crc32

import asyncpg
import msgspec
import pytest
from contracts.samples import example_envelope
from embedded import PostgresServer
from harness.api import Api, Refused
from harness.broker_tap import tapped
from harness.centre import PASSWORD, Centre
from harness.eventually import eventually
from harness.outside import command_output, logs_of, metrics_of
from harness.people import lead
from harness.platform import Platform
from harness.spans import SpanSink

WORD = "kanaria"  # part of every name, address and comment here, in whatever case
WAITING = 20.0
# A bug that quotes a value as PostgreSQL's own errors do.
_PLANT = """
CREATE OR REPLACE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'planted %', NEW.note USING ERRCODE = 'XX000', DETAIL = NEW.note; END $$;
CREATE TRIGGER planted BEFORE INSERT ON drafts FOR EACH ROW WHEN (NEW.note LIKE '%Kanaria%') EXECUTE FUNCTION planted()
"""
_UPROOT = "DROP TRIGGER planted ON drafts; DROP FUNCTION planted()"
_UNDECODABLE = "INSERT INTO outbox (id, type, subject, body) VALUES ($1, $2, 'lead_canary', $3)"
_DEAD = "SELECT count(*) FROM dead_letters WHERE message_id = $1"


async def test_what_is_said_of_a_person_is_in_no_log_trace_metric_address_or_listing(
    centre: Any, platform: Platform, api: Api, spans: SpanSink
) -> None:
    here: Centre = await centre(call_centre_validation=True)
    number = f"{crc32(here.project_id.encode()) % 10_000_000:07}"
    person = {
        "first_name": "Kanariaetu",
        "last_name": "Kanariasuku",
        "phone": f"+35850{number}",
        "email": f"kanaria.{number}@example.fi",
        "address": {"street": "Kanariakatu 1", "city": "Kanariala"},
        "comments": "Kanariahuomautus",
        "account": {"external_id": "kanaria-1", "name": "Kanaria Oy"},
    }
    async with tapped(platform) as heard:
        lead_id = await _through_the_platform(here, person)
        await _searched(here, person)
        await _imported(here, person)
        await _refused(here, person)
        await _broken(here, platform, lead_id)
        said = await _listed(here, platform, await _dead_letter(platform))
        await _erased(here, person)
        said |= {**logs_of(platform), **await metrics_of(platform, api.http)}
        said |= {"events": "\n".join(heard).encode(), "traces": spans.said()}
        if platform.mode == "split":
            assert b"intake.lead.accepted.v1" in said["events"]
            assert b"/v1/customers" in said["nginx/server/access.log"]
            assert b"POST /v1/leads" in said["traces"]
    secrets = [PASSWORD, here.partners[0].headers["Authorization"], here.agents[0].headers["Authorization"]]
    words = [WORD, number, *(secret.removeprefix("Bearer ").lower() for secret in secrets)]
    found = [f"{where}: {word}" for where, what in said.items() for word in words if word.encode() in what.lower()]
    assert found == []


async def _through_the_platform(here: Centre, person: dict[str, Any]) -> str:
    """Pushed, held, confirmed, claimed, called, ordered, resolved, returned, mailed about, told to a webhook that is
    not there.
    """
    mails = {"return_notification_emails": ["kanaria.returns@mails.example"], "include_comments_with_return": True}
    await here.admin.patch(f"/v1/partners/{here.partner_ids[0]}", mails)
    hook = {"owner_kind": "partner", "owner_id": here.partner_ids[0], "url": "http://127.0.0.1:18444/kanaria"}
    await here.admin.post("/v1/webhook-endpoints", {**hook, "event_types": ["*"]})
    order = {"number": f"O-{here.project_id}", "status": "partial"}
    body = {**lead(1, here.project_id), **person, "order": order}
    pushed = await eventually(lambda: here.partners[0].post("/v1/leads", body), within=WAITING)
    decision = {"status": "confirmed", "note": "Kanariamuistio"}
    path = f"/v1/validation/cases/{pushed['id']}/decision"
    await eventually(lambda: here.validator.post(path, decision), within=WAITING)

    async def claim() -> Any:
        answer = await here.agents[0].post("/v1/queue/claim", {"project_id": here.project_id})
        assert answer is not None, "nothing eligible yet"
        return answer

    token = str((await eventually(claim, within=WAITING))["lock"]["token"])
    item = f"/v1/work-items/{pushed['id']}"
    await here.agents[0].post(f"{item}/attempts", {"outcome": "answered"}, Lock_Token=token)
    await here.agents[0].post(f"{item}/notes", {"note": "Kanariamuistio"}, Lock_Token=token)
    orders = await here.admin.get("/v1/orders", lead_id=pushed["id"])
    change = {"number": "Kanaria-2"}
    await here.agents[0].patch(f"/v1/orders/{orders['data'][0]['id']}", change, Lock_Token=token)
    end = {"disposition_id": here.disposition_id, "note": "Kanariamuistio"}
    await here.agents[0].post(f"{item}/resolve", end, Lock_Token=token)
    back = {"lead_ids": [pushed["id"]], "reason": "wrong number", "comment": "Kanariapalautus"}

    async def returned() -> Any:
        (result,) = (await here.admin.post("/v1/returns", back))["results"]
        assert result["status"] == "ok", result
        return result

    await eventually(returned, within=WAITING)
    return str(pushed["id"])


async def _searched(here: Centre, person: dict[str, Any]) -> None:
    """In a body; and as a careless program would, in the address, which is refused and written down by nobody."""
    asked = {"q": person["last_name"]}, {"phone": person["phone"]}, {"email": person["email"]}
    for path, person_asked in zip(("/v1/customers", "/v1/leads", "/v1/leads"), asked, strict=True):
        assert (await here.admin.post(f"{path}/search", person_asked))["data"]
        with pytest.raises(Refused):
            await here.admin.get(path, **person_asked)


async def _imported(here: Centre, person: dict[str, Any]) -> None:
    good = f"f1,Kanariarivi,{person['phone']},{person['email']}"
    rows = f"external_id,last_name,phone,email\n{good}\nf2,Kanaria,x,kanaria@\n"
    form = {"project_id": here.project_id, "partner_id": here.partner_ids[0]}
    file = {"file": ("kanaria.csv", rows.encode(), "text/csv")}
    sent = await here.admin.request("POST", "/v1/imports", data=form, files=file)
    assert sent.status_code == 201, sent.text

    async def done() -> bool:
        state = (await here.admin.get(f"/v1/imports/{sent.json()['id']}"))["state"]
        assert state in {"completed", "failed"}, state
        return True

    await eventually(done, within=WAITING)


async def _refused(here: Centre, person: dict[str, Any]) -> None:
    """Input that is wrong in every way, and addresses that lead nowhere."""
    wrong = {**person, "external_id": 1, "kanaria": "Kanaria", "email": "kanaria@", "project_id": here.project_id}
    assert (await here.partners[0].request("POST", "/v1/leads", json=wrong)).status_code == 422
    broken = b'{"last_name": "Kanaria", "last_name": "Kanaria"'
    assert (await here.partners[0].request("POST", "/v1/leads", content=broken)).status_code in {400, 415, 422}
    for path in ("/v1/leads/Kanariasuku", f"/v1/nothing/{quote(person['email'])}", "/v1/leads?kanaria=Kanaria"):
        assert (await here.admin.request("GET", path)).status_code in {200, 404, 422}
    sign_in = {"email": person["email"], "password": "Kanariasalasana"}
    assert (await here.admin.request("POST", "/v1/sessions", json=sign_in)).status_code == 401


async def _broken(here: Centre, platform: Platform, lead_id: str) -> None:
    """A 500 whose error quotes what was sent."""
    connection = await asyncpg.connect(PostgresServer(platform.data_dir / "postgres").dsn("leadwire_assignment"))
    try:
        await connection.execute(_PLANT)
        answer = await here.admin.request("PUT", f"/v1/work-items/{lead_id}/draft", json={"note": "Kanariavika"})
        await connection.execute(_UPROOT)
    finally:
        await connection.close()
    assert (answer.status_code, WORD in answer.text.lower()) == (500, False)


async def _dead_letter(platform: Platform) -> str:
    """An event that no consumer can read, with a person in it."""
    example = msgspec.json.encode(example_envelope("intake.lead.accepted.v1", full=False))
    envelope = msgspec.json.decode(example)
    message_id = uuid4()
    envelope |= {"id": str(message_id), "data": {"person": {"last_name": "Kanariasuku"}, "lead_id": ["Kanaria"]}}
    server = PostgresServer(platform.data_dir / "postgres")
    intake = await asyncpg.connect(server.dsn("leadwire_lead_intake"))
    try:
        await intake.execute(_UNDECODABLE, message_id, "intake.lead.accepted.v1", msgspec.json.encode(envelope))
    finally:
        await intake.close()
    assignment = await asyncpg.connect(server.dsn("leadwire_assignment"))
    try:

        async def died() -> bool:
            return bool(await assignment.fetchval(_DEAD, message_id))

        await eventually(died, within=WAITING)
    finally:
        await assignment.close()
    return str(message_id)


async def _listed(here: Centre, platform: Platform, message_id: str) -> dict[str, bytes]:
    """The dead letter in each listing there is."""
    letters = "/v1/dead-letters/assignment-svc"
    (letter,) = [each for each in await here.admin.pages(letters) if each["message_id"] == message_id]
    said = {
        "dlq ls": (await command_output(platform, "dlq", "ls", "--json")).encode(),
        "dlq ls --entries": (await command_output(platform, "dlq", "ls", "--entries", "--json")).encode(),
    }
    assert letter["id"].encode() in said["dlq ls --entries"]
    for path in (letters, f"{letters}/groups", f"{letters}/{letter['id']}"):
        said[path] = (await here.admin.request("GET", path)).content
    return said


async def _erased(here: Centre, person: dict[str, Any]) -> None:
    erasure = await here.admin.post("/v1/erasures", {"email": person["email"]})

    async def completed() -> bool:
        assert (await here.admin.get(f"/v1/erasures/{erasure['id']}"))["state"] == "completed"
        return True

    await eventually(completed, within=WAITING)
