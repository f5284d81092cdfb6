"""What the demo makes, once for an installation."""

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from leadwire.demo.client import Api


class DemoPartner(msgspec.Struct, frozen=True):
    """A partner that pushes: into which project, of which country, with which key."""

    key: str
    project_id: str
    country: str


class DemoUser(msgspec.Struct, frozen=True):
    """An account of the demo; the password was made for this installation."""

    who: str
    email: str
    password: str


class DemoWorld(msgspec.Struct, frozen=True):
    partners: list[DemoPartner]
    users: list[DemoUser]


async def make_world(admin: Api) -> DemoWorld:
    aurora = await admin.post("/v1/sponsors", {"name": "Aurora Sähkö Oy", "code": "AURORA"})
    cascade = await admin.post("/v1/sponsors", {"name": "Cascade Solar Inc.", "code": "CASCADE"})
    nordic = await _project(admin, "Sähkösopimukset", aurora["id"], "FI", validation=False)
    solar = await _project(admin, "Rooftop solar", cascade["id"], "US", validation=True)
    product = {
        "name": "Vihreä sähkö 24 kk",
        "code": "GREEN24",
        "sponsor_id": aurora["id"],
        "sponsor_product_code": "V24",
    }
    await admin.post("/v1/products", product)
    await admin.post(
        "/v1/contact-lists", {"name": "Syksy 2026", "sponsor_id": aurora["id"], "time_zone": "Europe/Helsinki"}
    )
    await admin.post("/v1/dispositions", {"name": "Not interested", "kind": "sales", "call_centre": "main"})
    await admin.post("/v1/dispositions", {"name": "Already a customer", "kind": "sales", "call_centre": "main"})
    users, agents = await _people(admin, aurora["id"])
    for project_id in (nordic, solar):
        await admin.put(f"/v1/campaigns/{project_id}/agents", {"agent_ids": agents})
    partners = [
        await _partner(admin, "Vertaa ja Säästä Oy", "FI", nordic, priority="high"),
        await _partner(admin, "Quotes Direct LLC", "US", solar, priority="normal"),
    ]
    return DemoWorld(partners, users)


async def _project(admin: Api, name: str, sponsor_id: str, region: str, *, validation: bool) -> str:
    # `always`: a newcomer who tries it at night should get a lead. Real projects keep the statutory hours.
    body = {
        "name": name,
        "kind": "outbound",
        "sponsor_id": sponsor_id,
        "region": region,
        "call_centre_validation": validation,
        "calling_hours": {"mode": "always"},
    }
    return str((await admin.post("/v1/projects", body))["id"])


async def _people(admin: Api, sponsor_id: str) -> tuple[list[DemoUser], list[str]]:
    wanted: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        ("leads agent", "Aada Agent", {"access_level": "leads_agent"}),
        ("leads agent", "Benny Agent", {"access_level": "leads_agent"}),
        ("validator", "Vilma Validator", {"access_level": "call_centre"}),
        ("supervisor", "Sami Supervisor", {"access_level": "supervisor"}),
        ("sponsor", "Aurora Sähkö", {"access_level": "sponsor", "sponsor_id": sponsor_id}),
    )
    users: list[DemoUser] = []
    agents: list[str] = []
    for who, name, more in wanted:
        mailbox = name.split()[0].lower()
        user = DemoUser(who, f"{mailbox}@demo.leadwire.local", secrets.token_urlsafe(9))
        made = await admin.post(
            "/v1/users", {"email": user.email, "name": name, "password": user.password, "active": True, **more}
        )
        users.append(user)
        if more["access_level"] == "leads_agent":
            agents.append(made["id"])
        elif more["access_level"] == "sponsor":
            await _sponsor_account(admin, made["id"], sponsor_id)
    return users, agents


async def _sponsor_account(admin: Api, user_id: str, sponsor_id: str) -> None:
    await admin.put("/v1/sponsor-accounts/settings", {"enabled": True})
    pages = ["overview", "statistics", "leads", "contact_lists", "products", "exports"]
    await admin.post("/v1/sponsor-accounts", {"user_id": user_id, "sponsor_ids": [sponsor_id], "pages": pages})


async def _partner(admin: Api, name: str, country: str, project_id: str, *, priority: str) -> DemoPartner:
    mailbox = name.split(maxsplit=1)[0].lower()
    body = {
        "name": name,
        "contact_person": "Demo Contact",
        "email": f"{mailbox}@partner.example",
        "sells_leads": True,
        "default_location": "queue",
        "priority": priority,
        "purchase_notification_emails": [f"leads@{mailbox}.example"],
    }
    partner = await admin.post("/v1/partners", body)
    key = await admin.post(f"/v1/partners/{partner['id']}/api-keys", {"name": "demo"})
    return DemoPartner(key["key"], project_id, country)
