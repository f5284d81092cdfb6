"""The schema goes back to its first revision and forward again, with rows in it."""

from typing import Any

from contracts.events.intake import ErasureRequestedV1
from servicekit.migration_testing import go_back_and_forth
from servicekit.migrations import move_to
from servicekit.testing import ServiceUnderTest


async def test_all_revisions_go_back_and_forward_again(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any, new_rule: Any
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    await new_rule()
    await mailer.settle(mailer.sender(sink.port))
    await service.deliver(ErasureRequestedV1(erasure_id="ers_1", lead_ids=["lead_0001"]))
    assert await go_back_and_forth(mailer.service.owner_dsn, "notify_svc") == (set(), set())


async def test_what_was_known_twice_is_moved_and_given_back(
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any
):
    """Comments and addresses as they were heard last; tombstones of both; what purchase mails knew of external ids."""
    partner = {"include_comments_with_return": True, "sold_lead_emails": ["b@p.example"]}
    await service.deliver(make_partner(1, **partner))
    await service.deliver(make_lead())
    await service.deliver(ErasureRequestedV1(erasure_id="ers_1", lead_ids=["lead_0009"]))
    await move_to(mailer.service.owner_dsn, "notify_svc", "20261126_mail_rules")
    pool = service.db.pool
    assert await pool.fetchval("SELECT sold_lead_emails FROM webhook_partners") == ["b@p.example"]
    await pool.execute("INSERT INTO webhook_erased_leads (lead_id) VALUES ('lead_0008')")
    await pool.execute("UPDATE partners SET sold_emails = '{}', include_comments = false")
    await move_to(mailer.service.owner_dsn, "notify_svc", "20261201_fold_projections")
    row = await pool.fetchrow("SELECT sold_emails, include_comments FROM partners")
    assert dict(row) == {"sold_emails": ["b@p.example"], "include_comments": True}
    erased = await pool.fetch("SELECT lead_id FROM erased_leads ORDER BY 1")
    assert [row["lead_id"] for row in erased] == ["lead_0008", "lead_0009"]
    known = await pool.fetchrow("SELECT lead_id, partner_id, external_id FROM external_ids")
    assert tuple(known) == ("lead_0001", "ptr_1", "ext-1")
    sample = await pool.fetchval("SELECT sample FROM templates WHERE key = 'lead-sold'")
    assert sample["lead"]["phone"] == "+358401234567"
