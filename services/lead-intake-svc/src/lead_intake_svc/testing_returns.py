"""What tests of returns, replacements, sales and erasure start from."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from contracts.events import assignment as a
from contracts.events import intake as i
from contracts.events.values import LeadRef

from lead_intake_svc.returns.lapse_returns import lapse_returns
from lead_intake_svc.testing import World, bearer, lead

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REASON = "wrong number"
PHONE, EMAIL, CANARY = "+358409998877", "canary.person@example.com", "Kanarialintu"
RETURN_EVENTS = (
    i.ReturnRequestedV1, i.ReturnAcceptedV1, i.ReturnDeclinedV1, i.ReturnDisputedV1, i.ReturnLapsedV1,
)  # fmt: skip


def ref(world: World, lead_id: str) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id=world.partner_id, project_id="prj_a")


def supervisor(world: World) -> dict[str, str]:
    return world.service.headers("supervisor")


async def ask(world: World, *lead_ids: str, reason: str = REASON, **more: Any) -> list[dict[str, Any]]:
    """The results of asking for returns."""
    body = {"lead_ids": lead_ids, "reason": reason, **more}
    answer = await world.http.post("/v1/returns", json=body, headers=supervisor(world))
    if answer.status_code != 200:
        raise AssertionError(answer.text)
    return list(answer.json()["results"])


async def requested(world: World, **more: Any) -> tuple[str, str]:
    """A lead and the return that was requested for it."""
    lead_id = (await world.accepted())["id"]
    (result,) = await ask(world, lead_id, **more)
    if result["status"] != "ok":
        raise AssertionError(result)
    return lead_id, result["id"]


async def step(
    world: World, return_id: str, name: str, headers: dict[str, str] | None = None, **body: Any
) -> httpx2.Response:
    """By the partner's key, unless somebody else is given."""
    path = f"/v1/returns/{return_id}/{name}"
    return await world.http.post(path, json=body, headers=headers or bearer(world.key))


async def taken_back(world: World, **changes: Any) -> str:
    """A lead whose return was accepted."""
    lead_id = (await world.accepted(**changes))["id"]
    (result,) = await ask(world, lead_id)
    (await step(world, result["id"], "accept")).raise_for_status()
    return str(lead_id)


async def read(world: World, lead_id: str) -> dict[str, Any]:
    return dict((await world.http.get(f"/v1/leads/{lead_id}", headers=world.service.headers())).json())


async def status(world: World, lead_id: str) -> str:
    return str((await read(world, lead_id))["status"])


async def told(world: World) -> list[str]:
    """The steps that others have heard of, in order."""
    return [event.type.split(".")[2] for event in await world.service.published(*RETURN_EVENTS)]


async def settle(world: World, **changes: Any) -> None:
    """Other terms with the partner."""
    path = f"/v1/partners/{world.partner_id}"
    (await world.http.patch(path, json=changes, headers=world.service.headers())).raise_for_status()


async def lapse(world: World, later: timedelta) -> int:
    """What the worker's clock would do then."""
    async with world.service.db.unit_of_work() as work:
        return await lapse_returns(work, datetime.now(UTC) + later)


async def buyer(world: World, **changes: Any) -> str:
    return await world.partner(name="Buyer", sells_leads=False, buys_leads=True, **changes)


async def sell(world: World, buyer_id: str, *lead_ids: str, **more: Any) -> list[dict[str, Any]]:
    body = {"lead_ids": lead_ids, "buyer_id": buyer_id, **more}
    answer = await world.http.post("/v1/sales", json=body, headers=supervisor(world))
    if answer.status_code != 200:
        raise AssertionError(answer.text)
    return list(answer.json()["results"])


async def rule(world: World, **body: Any) -> dict[str, Any]:
    """One that sells leads by itself."""
    answer = await world.http.post("/v1/sales/rules", json=body, headers=world.service.headers())
    if answer.status_code != 201:
        raise AssertionError(answer.text)
    await world.noticed()
    return dict(answer.json())


async def erase(world: World, **body: Any) -> httpx2.Response:
    return await world.http.post("/v1/erasures", json=body, headers=world.service.headers())


async def lived(world: World) -> tuple[str, dict[str, Any]]:
    """A lead of the person that was changed, called, returned with comments, and told of."""
    body = lead(
        phone="+358401110000", email=EMAIL, last_name=CANARY, comments=f"ask for {CANARY}", external_id="x1",
        consent={"given_at": "2026-01-01T00:00:00Z", "text": f"I, {CANARY}", "ip": "192.0.2.1"},
    )  # fmt: skip
    headers = bearer(world.key) | {"Idempotency-Key": "k1"}
    lead_id = (await world.http.post("/v1/leads", json=body, headers=headers)).json()["id"]
    body["phone"] = PHONE
    (await world.push(body)).raise_for_status()
    about: dict[str, Any] = {"lead": ref(world, lead_id), "received_at": NOW, "agent_id": "usr_a"}
    note = a.LeadResolvedV1(**about, disposition_id="dsp_1", disposition="No", note=f"{CANARY} hung up")
    await world.service.deliver(note, sequence=3)
    wanted = {"lead_ids": [lead_id], "reason": "wrong number", "comment": f"{CANARY} is not there"}
    asked = await world.http.post("/v1/returns", json=wanted, headers=world.service.headers())
    path = f"/v1/returns/{asked.json()['results'][0]['id']}/decline"
    key = bearer(world.key) | {"Idempotency-Key": "k2"}
    (await world.http.post(path, json={"answer": f"{CANARY} answered us"}, headers=key)).raise_for_status()
    return lead_id, body
