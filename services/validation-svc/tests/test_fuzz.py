"""Whatever is sent to the service, it answers as its OpenAPI document says."""

from typing import Any

import pytest
from servicekit.fuzzing import REQUESTS, fuzz, fuzz_stories
from servicekit.testing import ServiceUnderTest


@pytest.mark.timeout(300 + 5 * REQUESTS)
async def test_no_made_up_request_brings_the_service_out_of_its_contract(service: ServiceUnderTest, make_lead: Any):
    """`LEADWIRE_FUZZ_REQUESTS=1600 python -m pytest services/validation-svc/tests/test_fuzz.py` for a long run: so many
    requests to each operation, some 20,000 in all. `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    leads = [make_lead(number) for number in range(1, 9)]
    for lead in leads:
        await service.deliver(lead)
    callers = [
        service.headers,
        lambda: service.headers("call_centre"),
        lambda: service.headers("sponsor", sponsor_id="spo_secret"),
    ]
    answered = await fuzz(service, callers, known={"lead_id": [lead.lead.lead_id for lead in leads]})
    answered += await fuzz_stories(service, callers)
    assert {status for _, status in answered} >= {200, 403, 422}
