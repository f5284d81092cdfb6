"""`POST /v1/leads`: what is accepted, and what is answered."""

from contracts.events.intake import LeadAcceptedV1
from lead_intake_svc.testing import World, lead


async def test_a_good_lead_is_accepted_stored_and_told(world: World):
    response = await world.push(lead(external_id="e1", phone="040 123 4567"))
    assert response.status_code == 201
    answer = response.json()
    assert answer == {
        "id": answer["id"],
        "status": "accepted",
        "location": "queue",
        "held": False,
        "reason": None,
        "duplicate_of": None,
        "problems": [],
    }
    (event,) = await world.service.published(LeadAcceptedV1)
    assert isinstance(event, LeadAcceptedV1)
    assert event.lead.lead_id == answer["id"]
    assert event.person.phone == "+358401234567"
