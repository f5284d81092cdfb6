"""A call centre to test with: sponsor, project, partners with keys, people with sessions."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from harness.api import Api
from harness.platform import ADMIN_EMAIL, ADMIN_PASSWORD

PASSWORD = "a-long-enough-password"


@dataclass(frozen=True)
class Centre:
    """Made fresh for a test, so that tests share a platform and not each other's leads."""

    admin: Api
    sponsor_id: str
    project_id: str
    disposition_id: str
    partners: list[Api]
    partner_ids: list[str]
    agents: list[Api]
    agent_ids: list[str]
    validator: Api
    sponsor: Api


async def make_centre(api: Api, *, partners: int = 1, agents: int = 2, **project: Any) -> Centre:
    name = uuid4().hex[:8]
    admin = await api.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    sponsor = await admin.post("/v1/sponsors", {"name": f"Sponsor {name}"})
    body = {"name": f"Project {name}", "kind": "outbound", "sponsor_id": sponsor["id"], "region": "FI"}
    always = {"calling_hours": {"mode": "always"}}
    made = await admin.post("/v1/projects", {**body, **always, **project})
    disposition = await admin.post(
        "/v1/dispositions", {"name": f"No interest {name}", "kind": "sales", "call_centre": "main"}
    )
    keys = [await _partner(admin, f"Partner {name} {number}") for number in range(partners)]
    people = [await _user(admin, f"agent{number}.{name}@e2e.test", "leads_agent") for number in range(agents)]
    agent_ids = [user["id"] for user in people]
    await _tick(admin, made["id"], agent_ids)
    await _user(admin, f"validator.{name}@e2e.test", "call_centre")
    watcher = await _user(admin, f"sponsor.{name}@e2e.test", "sponsor")
    await open_account(admin, watcher["id"], [sponsor["id"]])
    return Centre(
        admin=admin,
        sponsor_id=sponsor["id"],
        project_id=made["id"],
        disposition_id=disposition["id"],
        partners=[api.with_token(key) for _, key in keys],
        partner_ids=[partner_id for partner_id, _ in keys],
        agents=[await api.sign_in(user["email"], PASSWORD) for user in people],
        agent_ids=agent_ids,
        validator=await api.sign_in(f"validator.{name}@e2e.test", PASSWORD),
        sponsor=await _seeing(await api.sign_in(f"sponsor.{name}@e2e.test", PASSWORD)),
    )


async def open_account(admin: Api, user_id: str, sponsor_ids: list[str]) -> None:
    await admin.put("/v1/sponsor-accounts/settings", {"enabled": True})
    pages = ["overview", "statistics", "leads", "contact_lists", "products", "exports"]
    await admin.post("/v1/sponsor-accounts", {"user_id": user_id, "sponsor_ids": sponsor_ids, "pages": pages})


async def _seeing(sponsor: Api) -> Api:
    """What an account sees reaches identity-svc as an event: a moment after it was made."""
    from harness.eventually import eventually  # noqa: PLC0415 -- it imports Api for its errors

    await eventually(lambda: sponsor.get("/v1/sponsors"))
    return sponsor


async def _tick(admin: Api, project_id: str, agent_ids: list[str]) -> None:
    """The project and the agents reach assignment-svc as events; it waits for them (ADR 25)."""
    await admin.put(f"/v1/campaigns/{project_id}/agents", {"agent_ids": agent_ids})


async def _partner(admin: Api, name: str) -> tuple[str, str]:
    mailbox = name.lower().replace(" ", ".")
    body = {
        "name": name,
        "contact_person": "Petra Partner",
        "email": f"{mailbox}@partner.example",
        "sells_leads": True,
        "default_location": "queue",
        "purchase_notification_emails": [f"{mailbox}@mails.example"],
    }
    partner = await admin.post("/v1/partners", body)
    key = await admin.post(f"/v1/partners/{partner['id']}/api-keys", {"name": "e2e"})
    return partner["id"], key["key"]


async def _user(admin: Api, email: str, level: str, **more: Any) -> Any:
    body = {"email": email, "name": email.split("@", 1)[0], "access_level": level, "password": PASSWORD, "active": True}
    return await admin.post("/v1/users", {**body, **more})
