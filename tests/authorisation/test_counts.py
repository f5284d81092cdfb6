"""S0.11, I2.26: counts, statistics, streams and exports are cut like lists: own and foreign together are the whole."""

import json

from authorisation.walking import Walk
from authorisation.world import World

_TIMES = {"as_of"}


async def test_statistics_of_a_sponsor_are_its_own(world: World, walk: Walk) -> None:
    admin, sponsor = world.callers["admin"], world.callers["sponsor"]
    whole = (await admin.get("/v1/statistics"))["totals"]
    theirs = (await admin.get("/v1/statistics", sponsor_id=world.foreign.ids["sponsor_id"]))["totals"]
    own = (await sponsor.get("/v1/statistics"))["totals"]
    assert own["received"] > 0
    assert theirs["received"] > 0
    assert {name: own[name] + theirs[name] for name in whole} == whole


async def test_a_stream_tells_a_sponsor_of_its_own(world: World, walk: Walk) -> None:
    told = {level: await world.callers[level].request("GET", "/v1/statistics/stream") for level in ("admin", "sponsor")}
    one = await world.callers["admin"].request(
        "GET", "/v1/statistics/stream", params={"sponsor_id": world.own.ids["sponsor_id"]}
    )
    totals = {level: _totals(answer.text) for level, answer in {**told, "one": one}.items()}
    assert totals["sponsor"] == totals["one"]
    assert 0 < totals["sponsor"]["received"] < totals["admin"]["received"]


def _totals(stream: str) -> dict[str, int]:
    (data,) = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    return {name: value for name, value in json.loads(data).items() if name not in _TIMES}


async def test_exports_hold_what_lists_hold(world: World, walk: Walk) -> None:
    """For everybody who may, and less for those who see less."""
    sizes: dict[str, int] = {}
    for level in ("admin", "partner", "key", "sponsor"):
        listed = {lead["id"] for lead in await world.callers[level].pages("/v1/leads")}
        query = {"format": "json", "columns": "id"}
        exported = await world.callers[level].request("GET", "/v1/leads/export", params=query)
        assert {json.loads(line)["id"] for line in exported.text.splitlines()} == listed
        sizes[level] = len(listed)
    assert 0 < sizes["partner"] == sizes["key"] < sizes["admin"]
    assert 0 < sizes["sponsor"] < sizes["admin"]


async def test_a_partners_performance_counts_its_own_leads(world: World, walk: Walk) -> None:
    path = f"/v1/partners/{world.own.ids['partner_id']}/performance"
    seen = [await world.callers[level].get(path) for level in ("partner", "admin")]
    own, staffs = [{name: value for name, value in each.items() if name not in _TIMES} for each in seen]
    assert own == staffs
    whole = await world.callers["admin"].pages("/v1/leads")
    theirs = [lead for lead in whole if lead["partner_id"] == world.own.ids["partner_id"]]
    assert 0 < len(theirs) < len(whole)


async def test_an_agent_counts_own_work_only(world: World, walk: Walk) -> None:
    agent = await world.callers["leads_agent"].pages("/v1/work-items")
    assert {item["agent_id"] for item in agent} == {world.own.ids["agent_id"]}
    everybody = await world.callers["admin"].pages("/v1/work-items")
    assert len(agent) < len(everybody)
