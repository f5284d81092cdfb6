"""Fixtures of validation-svc's tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from contracts.events.intake import LeadAcceptedV1, LeadContent
from contracts.events.sponsor import ProjectChangedV1, ValidationRules
from contracts.events.values import Account, Consent, LeadRef, Money, Order, Person, Problem
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, make_service_fixture
from validation_svc.app import build
from validation_svc.settings import Settings

service = make_service_fixture(
    "validation_svc",
    build,
    lambda url: Settings.model_validate({"database_url": url, "identity_keys": TEST_KEY_SET}),
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class MakeLead(Protocol):
    """Says what is special about a lead; `kind` is the class of the event."""

    def __call__(self, number: int = 1, *, kind: type[LeadContent] = ..., test: bool = ..., **fields: Any) -> Any: ...


@pytest.fixture
def make_lead() -> MakeLead:
    """Held leads with everything that a validator must not see."""

    def make(
        number: int = 1, *, kind: type[LeadContent] = LeadAcceptedV1, test: bool = False, **fields: Any
    ) -> LeadContent:
        project_id = fields.pop("project_id", "prj_1")
        ref = LeadRef(
            lead_id=f"lead_{number:04}",
            partner_id="ptr_secret",
            project_id=project_id,
            sponsor_id="spo_secret",
            test=test,
        )
        standard: dict[str, Any] = {
            "external_id": f"ext-secret-{number}",
            "received_at": START + timedelta(seconds=number),
            "location": "queue",
            "priority": "high",
            "hold": True,
            "person": Person(
                first_name="Aino", last_name="Virta", phone=f"+35840{number:07}", email="aino@example.com"
            ),
            "account": Account(external_id="acc-secret", name="Virta Oy", fields={"margin": "secret"}),
            "order": Order(number="o1", status="partial", total=Money(amount_minor=990077, currency="EUR")),
            "consent": Consent(given_at=START, source_url="https://secret.example/form"),
            "comments": "call after five",
            "custom": {"lead_price": "secret"},
            "problems": [Problem(code="name-odd", level="warn", field="first_name", detail="as lead_x of ptr_secret2")],
        }
        return kind(lead=ref, **(standard | fields))

    return make


@pytest.fixture
def decide(service: ServiceUnderTest) -> Callable[..., Any]:
    """Posts a decision as a validator, or as whoever `headers` says."""

    async def post(lead_id: str, status: str, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return await service.http.post(
            f"/v1/validation/cases/{lead_id}/decision",
            json={"status": status, **body},
            headers=headers or service.headers("call_centre", user_id="usr_v"),
        )

    return post


@pytest.fixture
def tell_project(service: ServiceUnderTest) -> Callable[..., Any]:
    """What sponsor-svc says about a project; `rules` are those of its validation."""

    async def tell(version: int, *, project_id: str = "prj_1", on: bool = True, name: str = "P", **rules: Any) -> None:
        event = ProjectChangedV1(
            project_id=project_id,
            name=name,
            kind="outbound",
            state="active",
            call_centre_validation=on,
            validation=ValidationRules(**rules),
        )
        await service.deliver(event, version)

    return tell


@pytest.fixture
def fill(service: ServiceUnderTest) -> Callable[..., Any]:
    """Many open cases at once, of leads `lead_00001` and on."""

    async def insert(count: int, project_id: str = "prj_1") -> None:
        await service.db.pool.execute(FILL, count, project_id)

    return insert


@pytest.fixture
def states(service: ServiceUnderTest) -> Callable[..., Any]:
    """The state of every case, by lead."""

    async def read() -> dict[str, str]:
        rows = await service.db.pool.fetch("SELECT lead_id, state FROM cases ORDER BY lead_id")
        return {row["lead_id"]: row["state"] for row in rows}

    return read


@pytest.fixture
def ask(service: ServiceUnderTest) -> Callable[..., Any]:
    """Asks for the next case."""

    async def post(user_id: str = "usr_v", level: str = "call_centre", **body: Any) -> Any:
        headers = service.headers(level, user_id=user_id)
        return await service.http.post("/v1/validation/next", json=body, headers=headers)

    return post


FILL = """
INSERT INTO cases (lead_id, partner_id, project_id, received_at, due_at, lead_version, content)
SELECT 'lead_' || lpad(n::text, 5, '0'), 'ptr_1', $2, now() - make_interval(secs => 100000 - n),
    now() - make_interval(secs => 100000 - n), 1,
    jsonb_build_object('person', '{}'::jsonb, 'problems', '[]'::jsonb, 'custom', '{}'::jsonb, 'external_id', n::text,
        'location', 'queue', 'priority', 'normal', 'after_validation', 'queue')
FROM generate_series(1, $1) AS n
"""
