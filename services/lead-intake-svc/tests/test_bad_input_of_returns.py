"""What nobody sends on purpose: an answer that says so, never a 500, and nothing stored."""

from typing import Any

import pytest
from lead_intake_svc.testing import World

LONG = "x" * 101
PATHS = (
    "/v1/returns", "/v1/returns/{}", "/v1/sales", "/v1/sales/{}", "/v1/erasures/{}", "/v1/partners/{}/credits",
    "/v1/partners/{}/performance",
)  # fmt: skip
QUERIES = (
    "lead_id=%00", "partner_id=%00", "flag=%00", "buyer_id=%00", "project_id=%00", "cursor=WyJcdTAwMDAiXQ", "limit=0",
    "to=0001-01-01T00:00:00Z", "from=9999-12-31T23:59:59Z", "from=9999-12-31T23:59:59-12:00", "from=x", "state=x",
)  # fmt: skip
BODIES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/returns", {"lead_ids": [], "reason": "other"}),
    ("POST", "/v1/returns", {"lead_ids": ["l"] * 501, "reason": "other"}),
    ("POST", "/v1/returns", {"lead_ids": [LONG], "reason": "other"}),
    ("POST", "/v1/returns", {"lead_ids": ["l"], "reason": "", "comment": "x"}),
    ("POST", "/v1/returns", {"lead_ids": ["l"], "reason": "other", "state": "accepted"}),
    ("POST", "/v1/sales", {"lead_ids": ["l"], "buyer_id": "p", "price": {"amount_minor": -1, "currency": "EUR"}}),
    ("POST", "/v1/sales", {"lead_ids": ["l"], "buyer_id": "p", "price": {"amount_minor": 10**16, "currency": "EUR"}}),
    ("POST", "/v1/sales/rules", {"buyer_id": "p", "place": 10_001}),
    ("POST", "/v1/return-flags", {"name": ""}),
    ("POST", "/v1/erasures", {"email": "nobody"}),
    ("POST", "/v1/erasures/holds", {"reason": "x", "phone": "+358401234567", "email": "a@example.com"}),
    ("PUT", "/v1/leads/lead_none/replacement", {"original_id": LONG}),
    ("POST", "/v1/partners", {"return_window_days": 366, "max_return_rate": 101, "lead_price": {"currency": "EUR"}}),
]


@pytest.mark.parametrize("path", PATHS)
async def test_odd_ids_and_queries_never_fail(world: World, path: str):
    for part in ("none", "%00", "%F0%9F%92%A9", "x" * 300, world.partner_id):
        for query in ("", *QUERIES):
            answer = await world.http.get(f"{path.format(part)}?{query}", headers=world.service.headers())
            assert answer.status_code in {200, 400, 404, 422}, (path, part, query, answer.text)


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
async def test_bad_bodies_are_pointed_at_and_store_nothing(world: World, method: str, path: str, body: Any):
    answer = await world.http.request(method, path, json=body, headers=world.service.headers())
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    assert answer.json()["errors"] or answer.json()["code"], answer.text
    for table in ("returns", "sales", "sale_rules", "return_flags", "erasures", "legal_holds", "replacements"):
        assert await world.count(table) == 0
