"""Who gets the next leads of a campaign (A3.11). Pure."""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

ROUND_ROBIN: Final = "round_robin"
LEAST_LOADED: Final = "least_loaded"

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent of the campaign. `room`: how many leads more they may have; `given_at`: when a rule last gave one.

    `refused` are the codes of what speaks against this agent now.
    """

    agent_id: str
    load: int
    room: int
    given_at: datetime | None
    refused: tuple[str, ...] = ()


def deal(mode: str, seats: Sequence[Seat], leads: int) -> list[str]:
    """Agents for as many of the leads as there is room for, in the order in which they get one."""
    free = [seat for seat in seats if not seat.refused and seat.room > 0]
    turn = {
        seat.agent_id: number
        for number, seat in enumerate(sorted(free, key=lambda seat: (seat.given_at or _NEVER, seat.agent_id)))
    }
    by_load = mode == LEAST_LOADED
    heap = [(seat.load if by_load else 0, turn[seat.agent_id], seat.agent_id) for seat in free]
    heapq.heapify(heap)
    room = {seat.agent_id: seat.room for seat in free}
    dealt: list[str] = []
    while heap and len(dealt) < leads:
        load, number, agent_id = heapq.heappop(heap)
        dealt.append(agent_id)
        room[agent_id] -= 1
        if room[agent_id]:
            heapq.heappush(heap, (load + 1, number, agent_id))
    return dealt


_WORDS: Final = {
    "active": "not active",
    "permitted": "without the permission to take leads",
    "online": "offline",
    "below_cap": "with as many leads as allowed",
    "cap": "with as many leads as allowed",
}


def why_nobody(seats: Sequence[Seat], waiting: int) -> str:
    """In words, without names: what speaks against each agent of the campaign."""
    leads = "A lead waits" if waiting == 1 else f"{waiting} leads wait"
    if not seats:
        return f"{leads}, and no agent is on the campaign."
    reasons = Counter(_WORDS.get(code, code) for seat in seats for code in (seat.refused or ("cap",))[:1])
    told = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
    return f"{leads}, and none of the {len(seats)} agents of the campaign can take one: {told}."
