"""V4.11: many validators ask at once."""

import asyncio
from collections import Counter
from typing import Any

from servicekit.testing import ServiceUnderTest


def lead_of(answer: Any) -> str:
    return answer.json()["case"]["lead_id"]


async def test_v4_11_32_validators_at_once_get_32_different_cases(service: ServiceUnderTest, fill: Any, ask: Any):
    await fill(40)
    answers = await asyncio.gather(*(ask(f"usr_{n}") for n in range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert {lead_of(answer) for answer in answers} == {f"lead_{n:05}" for n in range(1, 33)}
    assert len({answer.json()["lease"]["token"] for answer in answers}) == 32


async def test_v4_11_more_validators_than_cases_share_nothing(service: ServiceUnderTest, fill: Any, ask: Any):
    await fill(5)
    answers = await asyncio.gather(*(ask(f"usr_{n}") for n in range(32)))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 204: 27}
    assert len({lead_of(answer) for answer in answers if answer.status_code == 200}) == 5


async def test_v4_11_the_same_validator_in_many_tabs_has_one_case(service: ServiceUnderTest, fill: Any, ask: Any):
    """Asking again gives the same case and token, with more time."""
    await fill(5)
    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert {lead_of(answer) for answer in answers} == {"lead_00001"}
    assert len({answer.json()["lease"]["token"] for answer in answers}) == 1
    first = max(answer.json()["lease"]["expires_at"] for answer in answers)
    assert (await ask()).json()["lease"]["expires_at"] > first
