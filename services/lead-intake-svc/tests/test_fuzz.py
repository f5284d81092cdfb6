"""Whatever is sent to the service, it answers as its OpenAPI document says."""

from lead_intake_svc.testing import World, bearer
from servicekit.fuzzing import fuzz, fuzz_stories


async def test_no_made_up_request_brings_the_service_out_of_its_contract(world: World):
    """`LEADWIRE_FUZZ_REQUESTS=300 python -m pytest services/lead-intake-svc/tests/test_fuzz.py` for a long run: so many
    requests to each operation, some 20,000 in all. `LEADWIRE_FUZZ_STORIES=600` tells as many in stories.
    `LEADWIRE_FUZZ_SEED` makes others of them.
    """
    lead = await world.accepted()
    sent = await world.http.post(
        "/v1/imports",
        data={"project_id": "prj_a", "dry_run": "true"},
        files={"file": ("a.csv", b"phone\n0401234567\n")},
        headers=bearer(world.key),
    )
    mapping = await world.http.post(
        "/v1/imports/mappings", json={"name": "A", "columns": {"A": "phone"}}, headers=bearer(world.key)
    )
    callers = [
        bearer(world.key),
        world.service.headers,
        lambda: world.service.headers("supervisor"),
        lambda: world.service.headers("partner", partner_id=world.partner_id),
        lambda: world.service.headers("sponsor", sponsor_id="spo_a"),
        {},
    ]
    known = {
        "lead_id": [lead["id"]],
        "partner_id": [world.partner_id],
        "import_id": [sent.json()["id"]],
        "mapping_id": [mapping.json()["id"]],
    }
    answered = await fuzz(world.service, callers, known=known)
    answered += await fuzz_stories(world.service, callers)
    assert {status for _, status in answered} >= {200, 201, 401, 403, 404, 422}
