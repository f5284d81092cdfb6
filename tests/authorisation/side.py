"""One side of the world: a sponsor, a partner, an agent and everything that belongs to them, made through the API."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from harness.api import Api
from harness.eventually import eventually

PASSWORD = "a-long-enough-password"
OBJECTS_WITHIN = 30.0


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


@dataclass
class Side:
    """`ids` holds the objects by the names that paths and bodies use for them; `name@level` where a level's differs.

    `callers` are those who belong to the side, by access level.
    """

    name: str
    admin: Api
    anybody: Api
    ids: dict[str, str] = field(default_factory=dict[str, str])
    callers: dict[str, Api] = field(default_factory=dict[str, Api])

    @property
    def surname(self) -> str:
        """Of every person in a lead of this side: it must not show up on the other."""
        return f"Kanarialintu{self.name}nen"

    async def made(self, name: str, path: str, body: Any, *, method: str = "POST") -> Any:
        """Until it is possible: a reference to what another service was told a moment ago."""

        async def make() -> Any:
            return await (self.admin.put(path, body) if method == "PUT" else self.admin.post(path, body))

        answer = await eventually(make, within=OBJECTS_WITHIN)
        if name:
            self.ids[name] = answer["id"]
        return answer


async def make_side(name: str, admin: Api, anybody: Api) -> Side:
    side = Side(name, admin, anybody)
    await _sponsor(side)
    await _partner(side)
    await _people(side)
    await _leads(side)
    await _work(side)
    await _intake(side)
    return side


async def _sponsor(side: Side) -> None:
    sponsor = (await side.made("sponsor_id", "/v1/sponsors", {"name": f"Sponsor {side.name}"}))["id"]
    project = {"name": f"Project {side.name}", "kind": "outbound", "sponsor_id": sponsor, "region": "FI"}
    project["calling_hours"] = {"mode": "always"}  # pyright: ignore[reportArgumentType] -- a JSON document
    rules = {"duplicates": {"window_days": 0}, "intake": {"bulk_edit": True, "suppressed_names": ["Quarantine"]}}
    await side.made("project_id", "/v1/projects", {**project, **rules, "checks": {"names": "quarantine"}})
    validated = {**project, "name": f"Validated {side.name}", "call_centre_validation": True}
    await side.made("validated_project_id", "/v1/projects", validated)
    product = {"name": f"Product {side.name}", "code": f"P{side.name}", "sponsor_id": sponsor}
    await side.made("product_id", "/v1/products", {**product, "price": {"amount_minor": 4242, "currency": "EUR"}})
    contact_list = {"name": f"List {side.name}", "sponsor_id": sponsor, "project_id": side.ids["project_id"]}
    await side.made("list_id@sponsor-svc", "/v1/contact-lists", contact_list)
    side.ids["external_id"] = f"crm-{side.name}"
    await side.made(
        "", f"/v1/crm/campaigns/crm-{side.name}", {"name": f"CRM {side.name}", "sponsor_id": sponsor}, method="PUT"
    )


async def _partner(side: Side) -> None:
    partner = {
        "name": f"Partner {side.name}",
        "contact_person": "Petra Partner",
        "email": f"contact@{side.name}.example".lower(),
        "sells_leads": True,
        "buys_leads": True,
        "default_location": "queue",
        "purchase_notification_emails": [f"purchases@{side.name}.example".lower()],
        "return_window_days": 30,
        "lead_price": {"amount_minor": 1717, "currency": "EUR"},
    }
    keys = f"/v1/partners/{(await side.made('partner_id', '/v1/partners', partner))['id']}/api-keys"
    live = await side.made("key_id", keys, {"name": "live"})
    test = await side.made("", keys, {"name": "test", "test": True})
    side.callers |= {"key": side.anybody.with_token(live["key"]), "test_key": side.anybody.with_token(test["key"])}
    for owner in ("partner", "sponsor"):
        endpoint = {"owner_kind": owner, "owner_id": side.ids[f"{owner}_id"], "url": "http://127.0.0.1:18443/hook"}
        made = await side.made("", "/v1/webhook-endpoints", {**endpoint, "event_types": ["intake.*"]})
        side.ids[f"endpoint_id@{owner}"] = made["id"]
    side.ids["endpoint_id"] = side.ids["endpoint_id@partner"]


async def _people(side: Side) -> None:
    scopes = {
        "leads_agent": {},
        "integration": {},
        "sponsor": {"sponsor_id": side.ids["sponsor_id"]},
        "partner": {"partner_id": side.ids["partner_id"]},
    }
    for level, scope in scopes.items():
        email = f"{level}.{side.name}@matrix.test".lower()
        body = {"email": email, "name": f"{level} {side.name}", "access_level": level, "active": True, **scope}
        user = await side.made("", "/v1/users", {**body, "password": PASSWORD})
        side.ids[f"user_id@{level}"] = user["id"]
        side.callers[level] = await side.anybody.sign_in(email, PASSWORD)
        side.ids[f"session_id@{level}"] = (await side.callers[level].get("/v1/me/sessions"))["data"][0]["id"]
    side.ids["session_id"] = side.ids["session_id@leads_agent"]
    side.ids["program_id"] = side.ids["user_id@integration"]
    tokens = f"/v1/users/{side.ids['program_id']}/tokens"
    await side.made("token_id", tokens, {"name": "program", "expires_at": soon()})
    side.ids["letter_id"] = str(uuid4())
    await _sponsor_account(side)
    side.ids["agent_id"] = side.ids["user_id"] = side.ids["user_id@leads_agent"]
    for project in ("project_id", "validated_project_id"):
        agents = f"/v1/campaigns/{side.ids[project]}/agents"
        await side.made("", agents, {"agent_ids": [side.ids["agent_id"]]}, method="PUT")


async def _sponsor_account(side: Side) -> None:
    """In force when the account sees its sponsor; and a link that shows its statistics."""
    side.ids["account_id"] = side.ids["user_id@sponsor"]
    await side.admin.put("/v1/sponsor-accounts/settings", {"enabled": True})
    pages = ["overview", "statistics", "leads", "contact_lists", "products", "exports"]
    account = {"user_id": side.ids["account_id"], "sponsor_ids": [side.ids["sponsor_id"]], "pages": pages}
    await side.made("", "/v1/sponsor-accounts", account)
    await eventually(lambda: side.callers["sponsor"].get("/v1/sponsors"), within=OBJECTS_WITHIN)
    link = await side.made(
        "link_id", "/v1/statistics-links", {"sponsor_id": side.ids["sponsor_id"], "expires_at": soon()}
    )
    side.ids["link_token"] = link["token"]


async def _push(side: Side, number: int, **more: Any) -> str:
    body = {
        "external_id": f"{side.name}-{number}",
        "project_id": side.ids["project_id"],
        "first_name": "Aino",
        "last_name": side.surname,
        "phone": f"+35840{1 + ord(side.name[0]) % 9}{number:06}",
        "email": f"aino.{side.name}.{number}@example.fi".lower(),
        "account": {"external_id": f"acc-{side.name}-{number}", "name": f"Account {side.name}"},
        "consent": {"given_at": "2026-01-01T00:00:00Z", "text": "yes"},
        **more,
    }
    answer = await eventually(lambda: side.callers["key"].post("/v1/leads", body), within=OBJECTS_WITHIN)
    return str(answer["id"])


async def _leads(side: Side) -> None:
    """One lead for each state that an operation needs."""
    order = {"number": f"O-{side.name}", "status": "partial"}
    side.ids["lead_id"] = await _push(side, 1, order=order)
    side.ids["callback_lead_id"] = await _push(side, 2, order={**order, "number": f"C-{side.name}"})
    side.ids["returned_lead_id"] = await _push(side, 3)
    side.ids["sold_lead_id"] = await _push(side, 4)
    side.ids["queued_lead_id"] = await _push(side, 5)
    side.ids["quarantined_lead_id"] = await _push(side, 6, first_name="Quarantine")
    side.ids["held_lead_id"] = await _push(side, 7, project_id=side.ids["validated_project_id"])
    side.ids["free_lead_id"] = await _push(side, 8)


async def _work(side: Side) -> None:
    agent, lead = side.ids["agent_id"], side.ids["lead_id"]
    for name in ("lead_id", "callback_lead_id"):
        await side.made("", "/v1/assignments", {"lead_id": side.ids[name], "agent_id": agent})
    orders = await side.admin.get("/v1/orders", lead_id=lead)
    side.ids["order_id"] = orders["data"][0]["id"]
    worker = side.callers["leads_agent"]

    async def locked(lead_id: str) -> Any:
        return await worker.post(f"/v1/work-items/{lead_id}/lock")

    callback = side.ids["callback_lead_id"]
    token = str((await eventually(lambda: locked(callback), within=OBJECTS_WITHIN))["token"])
    path = f"/v1/work-items/{callback}/callback"
    made = await worker.post(path, {"at": soon(), "private": True}, Lock_Token=token)
    found = await side.admin.get("/v1/callbacks", agent_id=agent)
    side.ids["callback_id"] = found["data"][0]["id"]
    assert made is not None
    batch = await side.made("", "/v1/assignments/batch", {"lead_ids": [lead], "agent_id": agent})
    side.ids["batch_id"] = batch["id"]
    campaign = f"/v1/campaigns/{side.ids['project_id']}"
    fields = [{"name": "first_name", "in_view": True, "on_page": True, "editable": True}]
    await side.made("", f"{campaign}/fields", {"fields": fields}, method="PUT")
    tool = {"name": f"Tool {side.name}", "module": "energy", "fields": [{"name": "size"}]}
    await side.made("tool_id", f"{campaign}/tools", tool)
    await side.made("outcome_id", f"{campaign}/outcomes", {"name": f"Outcome {side.name}", "contacted": True})
    disposition = {"name": f"No interest {side.name}", "kind": "sales", "call_centre": "main"}
    await side.made("disposition_id", "/v1/dispositions", disposition)
    survey = {"name": f"Survey {side.name}", "questions": [{"key": "roof", "type": "text", "label": "Roof"}]}
    await side.made("template_id@assignment-svc", "/v1/survey-templates", survey)
    template = {"name": f"Template {side.name}", "subject": "Hello", "text": "Hello"}
    await side.made("template_id@notify-svc", "/v1/templates", template)
    active = {
        "email_template_ids": [side.ids["template_id@notify-svc"]],
        "survey_template_ids": [side.ids["template_id@assignment-svc"]],
    }
    await side.made("", f"{campaign}/templates", active, method="PUT")


async def _intake(side: Side) -> None:
    """Returns, sales, files, forms, suppressions, and what notify-svc knows of them."""
    back = {"lead_ids": [side.ids["returned_lead_id"]], "reason": "wrong number"}
    side.ids["return_id"] = (await _each(side, "/v1/returns", back))["id"]
    mapping = {"name": f"Mapping {side.name}", "columns": {"a": "phone"}, "partner_id": side.ids["partner_id"]}
    await side.made("mapping_id", "/v1/imports/mappings", mapping)
    upload = await side.admin.request(
        "POST",
        "/v1/imports",
        data={"project_id": side.ids["project_id"], "partner_id": side.ids["partner_id"], "dry_run": "true"},
        files={
            "file": ("leads.csv", f"external_id,phone,last_name\n{side.name}-f,0407654321,{side.surname}\n".encode())
        },
    )
    side.ids["import_id"] = upload.json()["id"]
    form = {"partner_id": side.ids["partner_id"], "project_id": side.ids["project_id"], "name": f"Form {side.name}"}
    await side.made("form_id", "/v1/forms", {**form, "mapping": {"phone": "tel"}, "public": True})
    suppression = {"kind": "email", "value": f"nobody@{side.name}.example".lower()}
    await side.made("suppression_id@lead-intake-svc", "/v1/suppressions", suppression)
    listed = await side.admin.request(
        "POST",
        "/v1/suppression-lists",
        data={"name": f"List {side.name}", "as_of": "2026-11-01", "kind": "phone"},
        files={"file": ("list.csv", f"+35841{ord(side.name[0])}55555\n".encode())},
    )
    side.ids["list_id@lead-intake-svc"] = listed.json()["id"]
    hold = {"reason": "a dispute", "email": f"held@{side.name}.example".lower()}
    await side.made("hold_id", "/v1/erasures/holds", hold)
    await side.made("erasure_id", "/v1/erasures", {"email": f"gone@{side.name}.example".lower()})
    await side.made("flag_id", "/v1/return-flags", {"name": f"Flag {side.name}"})
    address = f"somebody@{side.name}.example".lower()
    await side.made("recipient_id", "/v1/email-recipients", {"address": address})
    suppressed = {"address": f"x{address}", "reason": "asked"}
    await side.made("suppression_id@notify-svc", "/v1/email-suppressions", suppressed)
    rule = {
        "name": f"Rule {side.name}",
        "event_types": ["intake.return.requested.v1"],
        "recipients": [{"kind": "address", "address": address}],
        "template_id": side.ids["template_id@notify-svc"],
    }
    await side.made("rule_id@notify-svc", "/v1/notification-rules", rule)

    async def mailed() -> Any:
        return (await side.admin.get("/v1/emails", lead_id=side.ids["lead_id"]))["data"]

    side.ids["email_template_id"] = side.ids["template_id@notify-svc"]
    side.ids["email_id"] = (await eventually(mailed, within=OBJECTS_WITHIN))[0]["id"]
    for owner in ("partner", "sponsor"):
        endpoint = side.ids[f"endpoint_id@{owner}"]

        async def delivered(endpoint: str = endpoint) -> Any:
            return (await side.admin.get("/v1/webhook-deliveries", endpoint_id=endpoint))["data"]

        side.ids[f"delivery_id@{owner}"] = (await eventually(delivered, within=OBJECTS_WITHIN))[0]["id"]
    side.ids["delivery_id"] = side.ids["delivery_id@partner"]


async def trade(seller: Side, buyer: Side) -> None:
    """`seller`'s lead is bought by `buyer`'s partner: a sale that is the buyer's to see, and a rule."""
    body = {"lead_ids": [seller.ids["sold_lead_id"]], "buyer_id": buyer.ids["partner_id"]}
    buyer.ids["sale_id"] = (await _each(seller, "/v1/sales", body))["id"]
    rule = {"buyer_id": buyer.ids["partner_id"], "project_id": seller.ids["project_id"], "active": False}
    await buyer.made("rule_id@lead-intake-svc", "/v1/sales/rules", rule)


async def _each(side: Side, path: str, body: Any) -> Any:
    async def ask() -> Any:
        (result,) = (await side.admin.post(path, body))["results"]
        assert result["status"] == "ok", result
        return result

    return await eventually(ask, within=OBJECTS_WITHIN)
