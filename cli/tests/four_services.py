"""The services that the statistics are about, in one process, without a broker: their outboxes are carried by hand."""

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import assignment_svc.app
import assignment_svc.settings
import lead_intake_svc.app
import lead_intake_svc.settings
import sponsor_svc.app
import sponsor_svc.settings
import validation_svc.app
import validation_svc.settings
from assignment_svc.testing import CallCentre
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, TestDatabases, http_client

PEPPER = SecretStr("a pepper that only the tests know, 32 and more")
PACKAGES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "sponsor-svc": (sponsor_svc.app.build, sponsor_svc.settings.Settings, {}),
    "lead-intake-svc": (lead_intake_svc.app.build, lead_intake_svc.settings.Settings, {"key_pepper": PEPPER}),
    "assignment-svc": (assignment_svc.app.build, assignment_svc.settings.Settings, {"claims_per_agent": 50}),
    "validation-svc": (validation_svc.app.build, validation_svc.settings.Settings, {}),
}
AGENTS = ("usr_aada", "usr_benny")
PERMISSIONS = ("queue.request", "leads.pending.read", "order_entry")


@dataclass
class FourServices:
    """`statistics_wait`: events for the statistics are kept back, to be told later, in whatever order."""

    services: dict[str, ServiceUnderTest]
    addresses: dict[str, str]
    statistics_wait: bool = False
    kept: list[bytes] = field(default_factory=list[bytes])
    carried: dict[str, int] = field(default_factory=dict[str, int])

    async def carry(self) -> None:
        """Until nobody has anything to tell."""
        while bodies := [body for name in self.services for body in await self._new(name)]:
            for body in bodies:
                for name, service in self.services.items():
                    if name == "sponsor-svc" and self.statistics_wait:
                        self.kept.append(body)
                    else:
                        await service.hear(body)

    async def tell_statistics(self, disorder: random.Random) -> None:
        """What was kept back: all of it, half of it twice, in any order."""
        bodies = self.kept + disorder.sample(self.kept, len(self.kept) // 2)
        disorder.shuffle(bodies)
        await self.tell(bodies)
        self.kept.clear()

    async def tell(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            await self.services["sponsor-svc"].hear(body)

    async def _new(self, name: str) -> list[bytes]:
        query = "SELECT position, body FROM outbox WHERE position > $1 ORDER BY position"
        rows = await self.services[name].db.pool.fetch(query, self.carried.get(name, 0))
        if rows:
            self.carried[name] = rows[-1]["position"]
        return [bytes(row["body"]) for row in rows]

    async def ask(self, service: str, method: str, path: str, body: Any = None, **who: Any) -> Any:
        """Expects to succeed, unless it is `refusable`: None, then. Afterwards everybody has heard of it."""
        lock, key, refusable = who.pop("lock", None), who.pop("key", None), who.pop("refusable", False)
        under_test = self.services[service]
        headers = {"Authorization": f"Bearer {key}"} if key else under_test.headers(**who)
        headers |= {"Lock-Token": str(lock)} if lock else {}
        answer = await under_test.http.request(method, f"/v1/{path}", json=body, headers=headers)
        if refusable and 400 <= answer.status_code < 500:
            return None
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        await self.carry()
        if service == "sponsor-svc":
            await self.services["lead-intake-svc"].app.http.state.reference.reload()
        return answer.json() if answer.content else None


@asynccontextmanager
async def four_services(databases: TestDatabases) -> AsyncGenerator[FourServices]:
    async with AsyncExitStack() as stack:
        services: dict[str, ServiceUnderTest] = {}
        addresses: dict[str, str] = {}
        for name, (build, settings, more) in PACKAGES.items():
            dsn = addresses[name] = await databases.clone(name.replace("-", "_"))
            stack.push_async_callback(databases.drop, dsn)
            app = await build(settings(database_url=SecretStr(dsn), identity_keys=TEST_KEY_SET, **more))
            stack.push_async_callback(app.close)
            http = await stack.enter_async_context(http_client(app))
            services[name] = ServiceUnderTest(app, http, dsn, databases.owner_dsn(dsn))
        yield FourServices(services, addresses)


class Load:
    """A mixed load through the services' APIs: every counter of S0.12 moves, and some of them back again."""

    def __init__(self, world: FourServices) -> None:
        self.world = world
        self.number = 0
        self.keys: list[str] = []
        self.dispositions: list[str] = []
        self.owners: dict[str, str] = {}

    async def run(self) -> None:
        for project_id in await self.begin(("green", "solar", "wind")):
            await self._leads(project_id)

    async def begin(self, names: Sequence[str]) -> list[str]:
        """A project of each name, of which the second has its leads validated; agents, dispositions and partners."""
        projects = [await self._project(name, validation=name == names[1]) for name in names]
        await self._people(projects)
        self.keys = [await self._partner(name) for name in ("one", "two")]
        return projects

    async def _project(self, name: str, *, validation: bool) -> str:
        sponsor = await self.world.ask("sponsor-svc", "POST", "sponsors", {"name": name})
        body = {
            "name": name, "kind": "outbound", "sponsor_id": sponsor["id"], "region": "FI",
            "call_centre_validation": validation, "calling_hours": {"mode": "always"},
            "checks": {"email": "quarantine"},
        }  # fmt: skip
        made = await self.world.ask("sponsor-svc", "POST", "projects", body)
        return str(made["id"])

    async def _people(self, projects: list[str]) -> None:
        centre = CallCentre(self.world.services["assignment-svc"])
        for agent in AGENTS:
            await centre.agent(agent)
        for project_id in projects:
            await centre.tick(*AGENTS, project_id=project_id)
        for name in ("No need", "Too expensive"):
            body = {"name": name, "kind": "sales", "call_centre": "main"}
            made = await self.world.ask("assignment-svc", "POST", "dispositions", body)
            self.dispositions.append(made["id"])

    async def _partner(self, name: str) -> str:
        body = {
            "name": name, "contact_person": "P", "email": f"{name}@example.com", "sells_leads": True,
            "default_location": "queue",
        }  # fmt: skip
        partner = await self.world.ask("lead-intake-svc", "POST", "partners", body)
        key = await self.world.ask("lead-intake-svc", "POST", f"partners/{partner['id']}/api-keys", {"name": "k"})
        return str(key["key"])

    async def _push(self, project_id: str, **more: Any) -> Any:
        self.number += 1
        key = more.pop("key", self.keys[self.number % 2])
        made = await self.world.ask(
            "lead-intake-svc", "POST", "leads", lead_body(self.number, project_id, **more), key=key
        )
        self.owners[made["id"]] = key
        return made

    async def _leads(self, project_id: str) -> None:
        money = {"amount_minor": 4990, "currency": "EUR"}
        items = [{"product_code": "GREEN24", "quantity": 2, "unit_price": money}]
        order = {"number": "A-1", "status": "partial", "items": items, "total": money | {"amount_minor": 9980}}
        pushed = [await self._push(project_id, **({"order": order} if n % 2 else {})) for n in range(6)]
        twice = lead_body(self.number, project_id) | {"external_id": f"again {project_id}"}
        refused = await self.world.ask("lead-intake-svc", "POST", "leads", twice, key=self.keys[self.number % 2])
        assert refused["status"] == "rejected", refused
        for decision in ("accept", "reject"):
            caution = await self._push(project_id, email="no address")
            body = {"decision": decision, "reason": "looked at"}
            await self.world.ask("lead-intake-svc", "POST", f"leads/{caution['id']}/decision", body)
        if pushed[0]["held"]:
            await self._validate([each["id"] for each in pushed])
        while claim := await self._claim(project_id):
            await self._work(claim)
        await self._after([each["id"] for each in pushed], project_id)

    async def _validate(self, lead_ids: list[str]) -> None:
        for place, lead_id in enumerate(lead_ids):
            path = f"validation/cases/{lead_id}"
            if place == 5:
                await self.world.ask("validation-svc", "POST", f"{path}/decision", {"status": "unconfirmed"})
                continue
            if place % 2:
                await self.world.ask("validation-svc", "POST", f"{path}/decision", {"status": "rejected"})
            if place == 1:
                await self.world.ask("validation-svc", "POST", f"{path}/reopen", {"reason": "a mistake"})
            if place != 3:
                await self.world.ask("validation-svc", "POST", f"{path}/decision", {"status": "confirmed"})

    async def _claim(self, project_id: str) -> Any:
        agent = AGENTS[self.number % 2]
        body = {"project_id": project_id}
        return await self.world.ask("assignment-svc", "POST", "queue/claim", body, **agent_headers(agent))

    async def _work(self, claim: Any) -> None:
        self.number += 1
        item, lock = claim["work_item"], claim["lock"]["token"]
        path, agent = f"work-items/{item['lead_id']}", agent_headers(item["agent_id"])
        call = {"outcome": "answered" if self.number % 2 else "no answer"}
        ends: list[tuple[str, dict[str, Any]]] = [
            ("resolve", {"disposition_id": self.dispositions[0]}),
            ("invalidate", {"reason": "wrong"}),
            ("release", {}),
            ("resolve", {"disposition_id": self.dispositions[1]}),
        ]
        end = ends[self.number % 4]
        if item["order"] is not None and self.number % 3:
            end = ("convert", {})
        for step, body in (("attempts", call), end):
            await self.world.ask("assignment-svc", "POST", f"{path}/{step}", body, lock=lock, **agent)

    async def _after(self, lead_ids: list[str], project_id: str) -> None:
        """An end is taken back; two leads are returned, one is replaced, and the other only for a while."""
        items = [await self.world.ask("assignment-svc", "GET", f"work-items/{each}") for each in lead_ids]
        closed = [item["lead_id"] for item in items if item["state"] in {"resolved", "invalid"}]
        await self.world.ask("assignment-svc", "POST", f"work-items/{closed[0]}/reopen", {"reason": "again"})
        for place, lead_id in enumerate(closed[:2]):
            body = {"lead_ids": [lead_id], "reason": "wrong number"}
            (result,) = (await self.world.ask("lead-intake-svc", "POST", "returns", body))["results"]
            await self.world.ask("lead-intake-svc", "POST", f"returns/{result['id']}/accept", {})
            instead = await self._push(
                project_id, key=self.owners[lead_id], **({} if place else {"replacement_for": lead_id})
            )
            if place:
                path = f"leads/{instead['id']}/replacement"
                await self.world.ask("lead-intake-svc", "PUT", path, {"original_id": lead_id})
                await self.world.ask("lead-intake-svc", "DELETE", path)


def lead_body(number: int, project_id: str, **more: Any) -> dict[str, Any]:
    """Of a person of its own: nobody may call a phone that is locked in another lead (E2)."""
    person = {"first_name": "Aino", "last_name": "Virtanen", "phone": f"+35840{1_000_000 + number}"}
    email = f"aino.virtanen.{number}@example.fi"
    return {"external_id": f"lead-{number}", "project_id": project_id, **person, "email": email, **more}


def agent_headers(agent_id: str) -> dict[str, Any]:
    return {"level": "leads_agent", "user_id": agent_id, "permissions": PERMISSIONS}
