"""Whatever is sent to the service, it answers as its OpenAPI document says."""

import pytest
from people import create, person
from servicekit.fuzzing import REQUESTS, fuzz, fuzz_stories
from servicekit.testing import ServiceUnderTest


@pytest.mark.timeout(300 + 20 * REQUESTS)
async def test_no_made_up_request_brings_the_service_out_of_its_contract(service: ServiceUnderTest):
    """`LEADWIRE_FUZZ_REQUESTS=500 python -m pytest services/identity-svc/tests/integration/test_fuzz.py` for a long
    run: so many requests to each operation, some 20,000 in all. `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    agent, admin = await person(service), await person(service, "admin")
    program = await create(service, "integration")
    callers = [
        service.headers,
        lambda: {**service.headers("admin", user_id=admin.user["id"]), **admin.bearer},
        lambda: {**service.headers("leads_agent", user_id=agent.user["id"]), **agent.bearer},
        lambda: service.headers("integration", user_id=program["id"]),
        agent.bearer,
        {},
    ]
    known = {"user_id": [agent.user["id"], program["id"]]}
    answered = await fuzz(service, callers, known=known)
    answered += await fuzz_stories(service, callers)
    assert {status for _, status in answered} >= {200, 201, 204, 401, 403, 404, 422}
