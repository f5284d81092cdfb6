"""Whatever is sent to the service, it answers as its OpenAPI document says."""

import os
from collections import Counter
from functools import partial

import pytest
from assignment_svc.testing import AGENT, PROJECT, CallCentre
from contracts.events.values import Account
from servicekit import fuzzing

QUESTION = {"key": "why", "type": "text", "label": "Why?"}


async def test_no_made_up_request_brings_the_service_out_of_its_contract(
    centre: CallCentre, monkeypatch: pytest.MonkeyPatch
):
    """`LEADWIRE_FUZZ_REQUESTS=250 python -m pytest services/assignment-svc/tests/test_fuzz.py` for a long run: so many
    requests to each operation, some 20,000 in all. The ordinary one is small, for there are many operations.
    `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    if "LEADWIRE_FUZZ_REQUESTS" not in os.environ:
        monkeypatch.setattr(fuzzing, "REQUESTS", 4)
    for number in range(1, 9):
        await centre.partial(f"lead_{number}", account=Account(external_id=f"acc_{number % 3}", name="A"))
    survey = await centre.write("POST", "survey-templates", {"name": "Move", "questions": [QUESTION]})
    tool = await centre.write("POST", f"campaigns/{PROJECT}/tools", {"name": "Solar", "module": "energy"})
    outcome = await centre.write("POST", f"campaigns/{PROJECT}/outcomes", {"name": "Sold"})
    order = (await centre.item())["order"]["id"]
    batch = await centre.write("POST", "assignments/batch", {"agent_id": AGENT, "lead_ids": ["lead_1"]})
    _, token = await centre.claimed()
    known = {
        "lead_id": [f"lead_{number}" for number in range(1, 9)],
        "project_id": [PROJECT],
        "agent_id": [AGENT],
        "order_id": [order],
        "batch_id": [batch.json()["id"]],
        "disposition_id": [await centre.disposition()],
        "template_id": [survey.json()["id"]],
        "tool_id": [tool.json()["id"]],
        "outcome_id": [outcome.json()["id"]],
    }
    service = centre.service
    boss, admin = (partial(service.headers, level) for level in ("supervisor", "admin"))
    sponsor = partial(service.headers, "sponsor", sponsor_id="spo_1")
    callers = [boss, boss, admin, partial(centre.as_agent, token=token), sponsor]
    answered = await fuzzing.fuzz(service, callers, known=known)
    answered += await fuzzing.fuzz_stories(service, callers)
    told = Counter[int]()
    for (_, status), times in answered.items():
        told[status] += times
    assert {status for status, times in told.items() if times >= 5} >= {200, 201, 403, 404, 422}, told
    reached = {label for label, status in answered if status < 300}
    assert len(reached) >= 30, "it creates, finds and changes things of many kinds"
