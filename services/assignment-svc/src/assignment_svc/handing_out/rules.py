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

    `refused` are the codes of what speaks against this agent now. `responsible`: for some accounts of the campaign.
    """

    agent_id: str
    load: int
    room: int
    given_at: datetime | None
    refused: tuple[str, ...] = ()
    responsible: bool = False


def deal(mode: str, seats: Sequence[Seat], leads: Sequence[str | None]) -> list[str | None]:
    """An agent for each lead; None where nobody has room. `leads` says of each who is responsible for it, if anybody:
    it goes to them or stays.
    """
    room = {seat.agent_id: seat.room for seat in seats if not seat.refused}
    load = {seat.agent_id: seat.load if mode == LEAST_LOADED else 0 for seat in seats}
    dealt: list[str | None] = [responsible if _take(room, load, responsible) else None for responsible in leads]
    turn = sorted(room, key=lambda agent_id: (_given_at(seats, agent_id), agent_id))
    heap = [(load[agent_id], number, agent_id) for number, agent_id in enumerate(turn) if room[agent_id] > 0]
    heapq.heapify(heap)
    for number, responsible in enumerate(leads):
        if responsible is None and heap:
            _, place, agent_id = heapq.heappop(heap)
            _take(room, load, agent_id)
            dealt[number] = agent_id
            if room[agent_id] > 0:
                heapq.heappush(heap, (load[agent_id], place, agent_id))
    return dealt


def _take(room: dict[str, int], load: dict[str, int], agent_id: str | None) -> bool:
    if agent_id is None or room.get(agent_id, 0) <= 0:
        return False
    room[agent_id] -= 1
    load[agent_id] += 1
    return True


def _given_at(seats: Sequence[Seat], agent_id: str) -> datetime:
    return next(seat.given_at or _NEVER for seat in seats if seat.agent_id == agent_id)


_WORDS: Final = {
    "active": "not active",
    "permitted": "without the permission to take leads",
    "online": "offline",
    "below_cap": "with as many leads as allowed",
    "cap": "with as many leads as allowed",
}


def depths_of(seats: Sequence[Seat], at_once: int, slack: int) -> dict[str, int]:
    """How many leads to look at for whom: of those kept for an agent, and under '' of those that anybody may have.

    `slack`: how many may be passed over because they may not be called.
    """
    room = {seat.agent_id: min(seat.room, at_once) for seat in seats if not seat.refused and seat.room > 0}
    depths = {
        seat.agent_id: room[seat.agent_id] + slack for seat in seats if seat.responsible and seat.agent_id in room
    }
    return {**depths, "": min(sum(room.values()), at_once) + slack} if room else {}


def why_nobody(seats: Sequence[Seat], waiting: int, kept: int = 0) -> str:
    """In words, without names: what speaks against each agent of the campaign.

    `kept`: how many of the leads that wait are kept for an agent who is responsible for them.
    """
    leads = "A lead waits" if waiting == 1 else f"{waiting} leads wait"
    if kept:
        leads += f" ({'each' if kept == waiting else kept} kept for the agent who is responsible)"
    if not seats:
        return f"{leads}, and no agent is on the campaign."
    reasons = Counter(_WORDS.get(code, code) for seat in seats for code in (seat.refused or ("cap",))[:1])
    told = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
    return f"{leads}, and none of the {len(seats)} agents of the campaign can take one: {told}."
