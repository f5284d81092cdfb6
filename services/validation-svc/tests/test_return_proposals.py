"""V4.10: a rejected lead proposes a return to its partner."""

from typing import Any

import pytest
from contracts.events.validation import CaseRejectedV1, ReturnProposedV1
from servicekit.testing import ServiceUnderTest


@pytest.mark.parametrize("mode", ["automatic", "ask", "never"])
async def test_v4_10_a_rejection_proposes_a_return_as_the_project_wants(
    service: ServiceUnderTest, make_lead: Any, decide: Any, tell_project: Any, mode: str
):
    """With the rejection's note and version, in the same transaction; other verdicts propose nothing."""
    await tell_project(1, propose_return=mode)
    for number in (1, 2, 3):
        await service.deliver(make_lead(number))
    await decide("lead_0001", "rejected", note="no such person")
    await decide("lead_0002", "confirmed")
    await decide("lead_0003", "unconfirmed")
    assert len(await service.published(CaseRejectedV1)) == 1
    proposed = await service.published(ReturnProposedV1)
    if mode == "never":
        assert proposed == []
        return
    [event] = proposed
    assert isinstance(event, ReturnProposedV1)
    assert (event.mode, event.reason, event.note, event.decided_by) == (
        mode,
        "validation-rejected",
        "no such person",
        "usr_v",
    )
    assert event.lead == make_lead(1).lead


async def test_v4_10_every_rejected_row_of_a_batch_proposes_one_return(
    service: ServiceUnderTest, make_lead: Any, tell_project: Any
):
    await tell_project(1, propose_return="automatic")
    for number in range(1, 6):
        await service.deliver(make_lead(number))
    rows = [{"lead_id": f"lead_{n:04}", "status": "rejected"} for n in range(1, 6)]
    for _ in range(2):
        await service.http.post("/v1/validation/decisions/batch", json={"decisions": rows}, headers=service.headers())
    assert sorted(event.subject for event in await service.published(ReturnProposedV1)) == [
        row["lead_id"] for row in rows
    ]
