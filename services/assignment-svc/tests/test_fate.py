"""What becomes of a lead depends on what was decided about it, not on the order in which it was told."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from assignment_svc.withdrawals.rules import Fact, fate_of
from assignment_svc.work_items.item import WorkItem
from hypothesis import given
from hypothesis import strategies as st

FACTS = st.lists(
    st.builds(
        Fact,
        fact=st.sampled_from(["return", "sale", "revocation", "erasure"]),
        cause_id=st.sampled_from(["a", "b"]),
        status=st.sampled_from(["open", "closed", "final"]),
        version=st.integers(1, 4),
    ),
    max_size=6,
)
STATES = st.sampled_from(
    [
        *("held", "pending", "queued", "claimed", "callback", "offer_sent", "converted", "resolved", "invalid"),
        *("suppressed", "expired", "return_hold", "returned", "sold", "erased"),
    ]
)


def _item(state: str) -> WorkItem:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    names = {field.name: None for field in dataclasses.fields(WorkItem)}
    fields: dict[str, Any] = {**names, "lead_id": "lead_1", "version": 1, "state": state, "received_at": now}
    return WorkItem(**fields)


@given(STATES, FACTS, st.randoms())
def test_a_fate_depends_on_no_order_and_is_reached_in_one_step(state: str, facts: list[Fact], random: Any):
    fate = fate_of(_item(state), facts)
    shuffled = random.sample(facts, len(facts))
    assert fate_of(_item(state), shuffled) == fate
    if fate is not None and fate.state is not None:
        assert fate_of(_item(fate.state), facts) is None
