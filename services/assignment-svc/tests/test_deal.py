"""A3.11: who gets the next leads, as a rule of its own."""

from collections import Counter
from datetime import UTC, datetime

from assignment_svc.handing_out.rules import LEAST_LOADED, ROUND_ROBIN, Seat, deal, why_nobody
from hypothesis import given
from hypothesis import strategies as st

SEATS = st.lists(
    st.builds(
        Seat,
        agent_id=st.uuids().map(str),
        load=st.integers(0, 9),
        room=st.integers(0, 5),
        given_at=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        refused=st.sampled_from([(), (), ("online",)]),
    ),
    max_size=6,
    unique_by=lambda seat: seat.agent_id,
)


@given(st.sampled_from([ROUND_ROBIN, LEAST_LOADED]), SEATS, st.integers(0, 20))
def test_a3_11_a_deal_keeps_caps_wastes_no_room_and_is_even(mode: str, seats: list[Seat], leads: int):
    free = {seat.agent_id: seat for seat in seats if not seat.refused and seat.room}
    dealt = Counter(one for one in deal(mode, seats, [None] * leads) if one)
    assert set(dealt) <= set(free)
    assert all(count <= free[agent_id].room for agent_id, count in dealt.items())
    assert sum(dealt.values()) == min(leads, sum(seat.room for seat in free.values()))
    after = {a: (seat.load if mode == LEAST_LOADED else 0) + dealt[a] for a, seat in free.items()}
    for agent_id, count in dealt.items():
        for other, seat in free.items():
            if count and dealt[other] < seat.room and mode == LEAST_LOADED:
                assert after[agent_id] <= after[other] + 1
    assert "agent" in why_nobody(seats, 1)


def test_a3_6_a_lead_of_a_responsible_agent_goes_to_them_or_stays():
    seats = [Seat("a", 0, 1, None), Seat("b", 0, 5, None), Seat("c", 0, 5, None, ("online",))]
    assert deal(ROUND_ROBIN, seats, ["a", None, "a", "c", None]) == ["a", "b", None, None, "b"]
