"""What many do at the same moment has one outcome."""

import asyncio
from typing import Any

from harness.centre import Centre
from harness.eventually import eventually
from harness.people import lead


async def test_a_hundred_copies_at_once_give_one_lead(centre: Any) -> None:
    """I2.15: the same person pushed 100 times at the same moment, under 100 external ids."""
    here: Centre = await centre()
    await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    copies = [{**lead(2, here.project_id), "external_id": f"copy-{number}"} for number in range(100)]
    answers = await asyncio.gather(*(here.partners[0].post("/v1/leads", copy) for copy in copies))
    statuses = [answer["status"] for answer in answers]
    assert (statuses.count("accepted"), statuses.count("rejected")) == (1, 99)
    assert {answer.get("reason") for answer in answers if answer["status"] == "rejected"} == {"duplicate"}


async def test_the_same_external_id_at_once_gives_one_lead(centre: Any) -> None:
    """I2.16: 50 identical pushes at the same moment are one lead, created once."""
    here: Centre = await centre()
    await here.partners[0].post("/v1/leads", lead(1, here.project_id))
    body = lead(2, here.project_id)
    answers = await asyncio.gather(*(here.partners[0].request("POST", "/v1/leads", json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_no_lead_is_claimed_by_two(centre: Any) -> None:
    """A2.5: 8 agents ask 10 times each for 40 leads: every lead is handed out exactly once."""
    here: Centre = await centre(agents=8)
    pushed = [await here.partners[0].post("/v1/leads", lead(n, here.project_id)) for n in range(40)]

    async def all_queued() -> bool:
        queue = await here.admin.get("/v1/work-items", project_id=here.project_id, state="queued", limit=100)
        return len(queue["data"]) == len(pushed)

    await eventually(all_queued)

    async def ask(agent: Any) -> list[str]:
        answers = [await agent.post("/v1/queue/claim", {"project_id": here.project_id}) for _ in range(10)]
        return [answer["work_item"]["lead_id"] for answer in answers if answer is not None]

    claims = await asyncio.gather(*(ask(agent) for agent in here.agents))
    taken = [lead_id for claim in claims for lead_id in claim]
    assert len(taken) == len(set(taken))
    assert set(taken) == {answer["id"] for answer in pushed}
