"""Words for tests: a call centre with projects, agents and leads. Imported by tests and benchmarks only."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2
from contracts.events.identity import UserChangedV1, UserCreatedV1
from contracts.events.intake import ErasureRequestedV1, LeadAcceptedV1, ReturnContent, SuppressionAddedV1
from contracts.events.sponsor import ProjectChangedV1
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1
from contracts.events.values import CallingHours, LeadRef, Order, Person
from servicekit.testing import ServiceUnderTest

from assignment_svc.clock import clock_of
from assignment_svc.queue.claims.store import Limits
from assignment_svc.timers.tasks import fire_all

PROJECT = "prj_1"
AGENT = "usr_agent"
# What identity-svc grants a leads agent by itself (A1.1).
PERMISSIONS = ("customer_service", "order_entry", "queue.request", "reports.order_details")
TIMES = """
SELECT c.table_name::text, array_agg(c.column_name::text)
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'timestamp with time zone'
  AND c.table_name NOT LIKE 'outbox%' AND c.table_name NOT LIKE 'inbox%' AND c.table_name NOT LIKE 'idempotency%'
GROUP BY 1
"""


def lead_ref(lead_id: str, project_id: str = PROJECT, **fields: Any) -> LeadRef:
    return LeadRef(lead_id=lead_id, partner_id="ptr_1", project_id=project_id, **fields)


def lead_event(lead_id: str, **fields: Any) -> LeadAcceptedV1:
    """A lead for the queue, of a Finnish number of its own; `fields` say what else it is."""
    number = sum(ord(letter) * 31**place for place, letter in enumerate(lead_id)) % 10_000_000
    person = Person(first_name="Aino", last_name="Virtanen", phone=f"+35840{number:07d}", email=f"{lead_id}@example.fi")
    defaults: dict[str, Any] = {
        "lead": lead_ref(lead_id),
        "external_id": lead_id,
        "received_at": datetime.now(UTC),
        "location": "queue",
        "priority": "normal",
        "hold": False,
        "person": person,
    }
    return LeadAcceptedV1(**{**defaults, **fields})


@dataclass
class CallCentre:
    """Speaks to one service as intake, sponsor-svc and identity-svc do, and as its agents and supervisors do."""

    service: ServiceUnderTest
    versions: "count[int]" = field(default_factory=lambda: count(1))

    async def project(self, project_id: str = PROJECT, **fields: Any) -> None:
        defaults: dict[str, Any] = {
            "name": project_id,
            "kind": "outbound",
            "state": "active",
            "calling_hours": CallingHours(mode="always"),
        }
        event = ProjectChangedV1(project_id=project_id, **{**defaults, **fields})
        await self.service.deliver(event, next(self.versions))

    async def agent(self, agent_id: str = AGENT, *, active: bool = True, level: str = "leads_agent") -> None:
        event = UserCreatedV1 if active else UserChangedV1
        await self.service.deliver(
            event(
                user_id=agent_id,
                email=f"{agent_id}@example.fi",
                name=agent_id,
                access_level=level,
                active=active,
                permissions=list(PERMISSIONS),
            ),
            next(self.versions),
        )
        if active and level == "leads_agent":
            await self.service.http.post("/v1/agents/me/heartbeat", headers=self.as_agent(agent_id))

    async def tick(self, *agent_ids: str, project_id: str = PROJECT, **body: Any) -> httpx2.Response:
        wanted = {"agent_ids": list(agent_ids or (AGENT,)), **body}
        headers = self.service.headers("admin")
        answer = await self.service.http.put(f"/v1/campaigns/{project_id}/agents", json=wanted, headers=headers)
        assert answer.status_code == 200, answer.text  # noqa: S101 -- a test's precondition
        return answer

    async def lead(self, lead_id: str = "lead_1", **fields: Any) -> LeadAcceptedV1:
        event = lead_event(lead_id, **fields)
        await self.service.deliver(event)
        return event

    async def partial(self, lead_id: str = "lead_1", **fields: Any) -> LeadAcceptedV1:
        """A lead with a partial order."""
        return await self.lead(lead_id, order=Order(number="P1", status="partial"), **fields)

    async def verdict(self, lead_id: str, *, confirmed: bool, version: int = 2) -> None:
        event = CaseConfirmedV1 if confirmed else CaseRejectedV1
        await self.service.deliver(event(lead=lead_ref(lead_id), decided_by="usr_validator"), version)

    async def returned(
        self, how: type[ReturnContent], lead_id: str = "lead_1", version: int = 1, **fields: Any
    ) -> None:
        """`how`: requested, disputed, accepted or declined."""
        now = datetime.now(UTC)
        content: dict[str, Any] = {
            "return_id": f"ret_{lead_id}",
            "reason": "duplicate",
            "requested_at": now,
            "answer_by": now,
        }
        await self.service.deliver(how(lead=lead_ref(lead_id), **{**content, **fields}), version)

    async def erase(self, *lead_ids: str, erasure_id: str = "era_1") -> None:
        await self.service.deliver(ErasureRequestedV1(erasure_id=erasure_id, lead_ids=list(lead_ids)), 1)

    async def rules(self, project_id: str = PROJECT, **body: Any) -> httpx2.Response:
        headers = self.service.headers("supervisor")
        answer = await self.service.http.put(f"/v1/campaigns/{project_id}/rules", json=body, headers=headers)
        assert answer.status_code == 200, answer.text  # noqa: S101 -- a test's precondition
        return answer

    async def state_of(self, lead_id: str = "lead_1") -> str:
        return await self.service.db.pool.fetchval("SELECT state FROM work_items WHERE lead_id = $1", lead_id)

    async def suppress(self, kind: str, value: str, scope: str = "global", scope_id: str | None = None) -> str:
        number = next(self.versions)
        suppression_id = f"sup_{number}"
        await self.service.deliver(
            SuppressionAddedV1(suppression_id=suppression_id, kind=kind, value=value, scope=scope, scope_id=scope_id),
            number,
        )
        return suppression_id

    def as_agent(self, agent_id: str = AGENT, *, token: str | None = None, permissions: Any = PERMISSIONS) -> Any:
        headers = self.service.headers("leads_agent", user_id=agent_id, permissions=permissions)
        return headers if token is None else {**headers, "Lock-Token": token}

    async def claim(self, agent_id: str = AGENT, project_id: str | None = None, **headers: str) -> httpx2.Response:
        body = {} if project_id is None else {"project_id": project_id}
        return await self.service.http.post(
            "/v1/queue/claim", json=body, headers={**self.as_agent(agent_id), **headers}
        )

    async def claimed(self, agent_id: str = AGENT, project_id: str | None = None) -> tuple[str, str]:
        """Lead and lock token of the next lead, which must be there."""
        answer = await self.claim(agent_id, project_id)
        assert answer.status_code == 200, answer.text  # noqa: S101 -- a test's precondition
        return answer.json()["work_item"]["lead_id"], answer.json()["lock"]["token"]

    async def step(self, lead_id: str, step: str, token: str | None = None, **body: Any) -> httpx2.Response:
        """A step of the agent; with a token of the lock."""
        return await self.service.http.post(
            f"/v1/work-items/{lead_id}/{step}", json=body, headers=self.as_agent(token=token)
        )

    async def supervise(self, path: str, level: str = "supervisor", **body: Any) -> httpx2.Response:
        headers = self.service.headers(level, user_id="usr_boss")
        return await self.service.http.post(f"/v1/{path}", json=body, headers=headers)

    async def read(self, path: str, headers: Any = None, status: int = 200) -> Any:
        """What a GET answers, by an admin unless `headers` say who else; fails unless it has that status."""
        answer = await self.service.http.get(f"/v1/{path}", headers=headers or self.service.headers("admin"))
        assert answer.status_code == status, answer.text  # noqa: S101 -- a test's precondition
        return answer.json() if answer.headers["content-type"].endswith("json") else answer.text

    async def write(self, method: str, path: str, body: Any, headers: Any = None) -> httpx2.Response:
        """By a supervisor, unless `headers` say who else."""
        by = headers or self.service.headers("supervisor", user_id="usr_boss")
        return await self.service.http.request(method, f"/v1/{path}", json=body, headers=by)

    async def options(self, agent_id: str = AGENT, **options: Any) -> None:
        answer = await self.write("PATCH", f"agents/{agent_id}/options", options)
        assert answer.status_code == 200, answer.text  # noqa: S101 -- a test's precondition

    async def item(self, lead_id: str = "lead_1") -> dict[str, Any]:
        headers = self.service.headers("admin")
        answer = await self.service.http.get(f"/v1/work-items/{lead_id}", headers=headers)
        assert answer.status_code == 200, answer.text  # noqa: S101 -- a test's precondition
        return answer.json()

    async def disposition(self, kind: str = "sales", name: str = "Not interested") -> str:
        answer = await self.supervise("dispositions", name=name, kind=kind, call_centre="main")
        assert answer.status_code == 201, answer.text  # noqa: S101 -- a test's precondition
        return answer.json()["id"]

    async def fire(self) -> None:
        """What the worker's clock does: everything that is due."""
        await fire_all(self.service.db, clock_of(Limits(50, timedelta(minutes=10))))

    async def pass_time(self, *, fire: bool = True, **time: float) -> None:
        """Everything that happened is so much longer ago, and everything that will is so much nearer.

        Agents are as if they had just been seen, unless `fire` is off.
        """
        async with self.service.db.unit_of_work() as work:
            await work.execute("SELECT set_config('leadwire.erasing', 'on', true)")
            for table, names in await work.fetch(TIMES):
                shifted = ", ".join(f"{name} = {name} - $1::interval" for name in names)
                await work.execute(f"UPDATE {table} SET {shifted}", timedelta(**time))
        if fire:
            await self.service.db.pool.execute("UPDATE agents SET seen_at = now() WHERE seen_at IS NOT NULL")
            await self.fire()

    async def told(self, lead_id: str = "lead_1") -> list[str]:
        """What the outbox tells about the lead, in order: the event's name and its sequence."""
        rows = await self.service.db.pool.fetch(
            "SELECT type, convert_from(body, 'UTF8')::jsonb ->> 'sequence' AS sequence FROM outbox "
            "WHERE subject = $1 ORDER BY position",
            lead_id,
        )
        return [f"{row['type'].removeprefix('assignment.').removesuffix('.v1')} {row['sequence']}" for row in rows]
