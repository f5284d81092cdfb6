"""Whatever is sent to the service, it answers as its OpenAPI document says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from servicekit.fuzzing import REQUESTS, fuzz, fuzz_stories
from servicekit.testing import ServiceUnderTest

STREAMS = ("GET /v1/statistics/stream", "GET /v1/shared-statistics/stream")


@pytest.mark.timeout(300 + 5 * REQUESTS)
async def test_no_made_up_request_brings_the_service_out_of_its_contract(service: ServiceUnderTest, api: Any):
    """`LEADWIRE_FUZZ_REQUESTS=500 python -m pytest services/sponsor-svc/tests/test_fuzz.py` for a long run: so many
    requests to each operation, some 20,000 in all. `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    sponsor = await api.create("sponsors", name="Acme")
    of = {"sponsor_id": sponsor["id"]}
    project = await api.create("projects", name="Spring", kind="outbound", **of)
    product = await api.create("products", code="solar", name="Solar", **of)
    contact_list = await api.create("contact-lists", name="Spring", **of)
    await api.create("sponsor-accounts", user_id="usr_s", sponsor_ids=[sponsor["id"]], pages=["statistics"])
    link = await api.create(
        "statistics-links", name="Board", expires_at=(datetime.now(UTC) + timedelta(days=30)).isoformat(), **of
    )
    callers = [
        service.headers,
        lambda: service.headers("supervisor"),
        lambda: service.headers("sponsor", sponsor_ids=[sponsor["id"]], pages=["overview", "statistics"]),
        lambda: service.headers("integration"),
        {},
    ]
    known = {
        "sponsor_id": [sponsor["id"]],
        "project_id": [project["id"]],
        "product_id": [product["id"]],
        "list_id": [contact_list["id"]],
        "contact_list_id": [contact_list["id"]],
        "user_id": ["usr_s"],
        "link_id": [link["id"]],
    }
    answered = await fuzz(service, callers, known=known, skip=STREAMS)
    answered += await fuzz_stories(service, callers, skip=STREAMS)
    assert {status for _, status in answered} >= {200, 201, 401, 403, 404, 422}
