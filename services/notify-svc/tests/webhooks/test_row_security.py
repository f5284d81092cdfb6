"""security.md, Database: the database shows a partner and a sponsor their own webhooks, whatever is asked."""

from typing import Any

import pytest
from messaging.sight import NOTHING, Sight
from notify_svc.scope import WebhookScope
from notify_svc.webhook_deliveries import store as deliveries
from notify_svc.webhook_endpoints import store as endpoints
from servicekit.testing import ServiceUnderTest
from servicekit.testing_rows import open_tables, plans_of, rows_seen

# Projections, and which leads were erased, by id.
OPEN = {"erased_leads", "external_ids", "partner_projects", "partners"}
URL = "https://hooks.example.com/in"
PARTNER, SPONSOR = Sight(partner_id="ptr_1"), Sight(sponsor_ids=frozenset({"spo_1"}))
FILL = """
WITH made AS (
    INSERT INTO webhook_endpoints (id, kind, owner_kind, owner_id, url, event_types, receives_leads)
    SELECT 'end_' || to_char(n, 'FM0000'), 'webhook', 'partner', 'ptr_' || n % 50, 'https://x.example', '{*}', false
    FROM generate_series(1, 500) AS n RETURNING id, owner_id
)
INSERT INTO webhook_deliveries (id, endpoint_id, owner_kind, owner_id, cause_id, cause_type, event_type, purpose, trace,
    state)
SELECT 'del_' || to_char(n, 'FM00000') || id, id, 'partner', owner_id, gen_random_uuid(), 'x', 'x', 'event', '{}',
    'delivered'
FROM made, generate_series(1, 40) AS n
"""


@pytest.fixture
async def owned(service: ServiceUnderTest, hooks: Any) -> dict[str, str]:
    """An endpoint with a delivery of each owner: their ids."""
    made: dict[str, str] = {}
    for kind, owner in (("partner", "ptr_1"), ("partner", "ptr_2"), ("sponsor", "spo_1"), ("sponsor", "spo_2")):
        made[owner] = (await hooks.endpoint(URL, owner_kind=kind, owner_id=owner))["id"]
        await hooks.call("POST", f"/v1/webhook-endpoints/{made[owner]}/test", 202, headers=service.headers())
    return made


async def test_a_table_of_somebodys_rows_is_protected_or_named_here(service: ServiceUnderTest):
    assert await open_tables(service) == OPEN


@pytest.mark.parametrize(("sight", "owner"), [(PARTNER, "ptr_1"), (SPONSOR, "spo_1")])
async def test_n5_6_a_statement_that_asks_for_everything_shows_an_owner_its_own(
    service: ServiceUnderTest, owned: dict[str, str], sight: Sight, owner: str
):
    seen = await rows_seen(service, sight)
    assert [row["id"] for row in seen["webhook_endpoints"]] == [owned[owner]]
    assert {row["endpoint_id"] for table in ("webhook_deliveries", "webhook_secrets") for row in seen[table]} == {
        owned[owner]
    }
    assert {row["delivery_id"] for row in seen["webhook_attempts"]} <= {row["id"] for row in seen["webhook_deliveries"]}
    assert not seen["emails"]


async def test_who_is_nobody_sees_nothing(service: ServiceUnderTest, owned: dict[str, str]):
    for sight in (NOTHING, PARTNER, NOTHING, Sight(agent_id="usr_1"), Sight(partner_id="spo_1")):
        seen = await rows_seen(service, sight)
    assert not any(seen.values())


@pytest.mark.parametrize("path", ["webhook-endpoints", "webhook-deliveries"])
async def test_a_route_whose_scope_is_forgotten_still_shows_own_rows_only(
    service: ServiceUnderTest, owned: dict[str, str], monkeypatch: pytest.MonkeyPatch, path: str
):
    module = path.replace("-", "_")
    monkeypatch.setattr(f"notify_svc.{module}.routes.webhooks_of", _everything)
    answer = await service.http.get(f"/v1/{path}", headers=service.headers("partner", partner_id="ptr_1"))
    assert answer.status_code == 200
    assert owned["ptr_1"] in answer.text
    assert not any(owned[other] in answer.text for other in ("ptr_2", "spo_1", "spo_2"))


async def test_a_write_whose_scope_is_forgotten_meets_no_foreign_row(
    service: ServiceUnderTest, owned: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("notify_svc.webhook_endpoints.routes.webhooks_of", _everything)
    headers = service.headers("partner", partner_id="ptr_1")
    gone = await service.http.delete(f"/v1/webhook-endpoints/{owned['ptr_2']}", headers=headers)
    assert gone.status_code == 404
    assert (await service.http.delete(f"/v1/webhook-endpoints/{owned['ptr_1']}", headers=headers)).status_code == 204


async def test_the_lists_read_their_indexes_as_the_restricted_role(service: ServiceUnderTest):
    await service.db.pool.execute(FILL)
    await service.as_owner("ANALYZE webhook_endpoints", "ANALYZE webhook_deliveries")
    sight, scope = Sight(partner_id="ptr_7"), WebhookScope("partner", ("ptr_7",))
    nothing = deliveries.DeliveryFilters()
    plan = await plans_of(service, sight, lambda work: endpoints.list_page(work, scope, None, 51))
    plan += await plans_of(service, sight, lambda work: deliveries.list_deliveries(work, scope, nothing, None, 51))
    assert "Seq Scan on webhook_deliveries" not in plan, plan


def _everything(*_: object) -> WebhookScope:
    """A scope that somebody forgot."""
    return WebhookScope()
