"""Whole suppression lists, as lead-intake-svc tells of them in portions."""

from assignment_svc.testing import CallCentre
from contracts.events.assignment import LeadSuppressedV1
from contracts.events.intake import SuppressionEntry, SuppressionsAddedV1, SuppressionsRemovedV1


async def test_i2_18_a_portion_of_a_list_takes_its_leads_out_at_once_in_any_order(centre: CallCentre):
    event = await centre.lead()
    entries = [
        SuppressionEntry(
            suppression_id=f"sup_{n}", kind="phone", value=f"+3584012399{n:02}", scope="global", scope_id=None
        )
        for n in range(50)
    ]
    hit = SuppressionEntry(
        suppression_id="sup_hit", kind="phone", value=event.person.phone or "", scope="global", scope_id=None
    )
    removed = SuppressionsRemovedV1(list_id="sul_1", entries=entries[:1])
    await centre.service.deliver(removed, sequence=2)
    await centre.service.deliver(SuppressionsAddedV1(list_id="sul_1", entries=[*entries, hit]), sequence=1)
    assert (await centre.item())["state"] == "suppressed"
    (told,) = await centre.service.published(LeadSuppressedV1)
    assert isinstance(told, LeadSuppressedV1)
    assert told.suppression_id == "sup_hit"
    rows = await centre.service.db.pool.fetch("SELECT suppression_id FROM suppressions WHERE removed")
    assert [row["suppression_id"] for row in rows] == ["sup_0"]
