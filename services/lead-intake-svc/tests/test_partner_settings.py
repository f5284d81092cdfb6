"""What a partner company asks for, and what it may not (I2.1, I2.2)."""

from contracts.events.intake import PartnerCreatedV1
from lead_intake_svc.testing import PARTNER, World


async def test_i2_1_how_a_partner_wants_to_hear_and_when_its_leads_are_called_is_kept_and_told(world: World):
    admin = world.service.headers()
    wanted = {
        "phone": "+358401234567",
        "address": "Katu 1\n00100 Helsinki",
        "notes": "Asks for Eeva.",
        "purchase_notification_mode": "daily",
        "sold_lead_emails": ["Leads@Buyer.example"],
        "calling_hours": {"from": "10:00", "until": "18:00", "days": [1, 2]},
    }
    created = (await world.http.post("/v1/partners", json=PARTNER | wanted, headers=admin)).json()
    expected = wanted | {"sold_lead_emails": ["leads@buyer.example"]}
    assert {name: created[name] for name in wanted} == expected
    (*_, event) = await world.service.published(PartnerCreatedV1)
    assert isinstance(event, PartnerCreatedV1)
    assert (event.purchase_notification_mode, event.sold_lead_emails) == ("daily", ["leads@buyer.example"])
    assert event.calling_hours is not None
    assert (event.calling_hours.mode, event.calling_hours.from_, event.calling_hours.days) == (
        "custom",
        "10:00",
        [1, 2],
    )
    path = f"/v1/partners/{created['id']}"
    for wrong in (
        {"calling_hours": {"from": "18:00", "until": "10:00"}},
        {"calling_hours": {"from": "10:00"}},
        {"purchase_notification_mode": "weekly"},
        {"sold_lead_emails": ["nobody"]},
    ):
        assert (await world.http.patch(path, json=wrong, headers=admin)).status_code == 422
    hours = {"from": "09:00", "until": "12:00"}
    changed = (await world.http.patch(path, json={"calling_hours": hours}, headers=admin)).json()
    assert changed["calling_hours"] == hours | {"days": None}
    cleared = (await world.http.patch(path, json={"calling_hours": None}, headers=admin)).json()
    assert (cleared["calling_hours"], cleared["version"]) == (None, 3)


async def test_i2_2_a_passive_partner_and_one_that_does_not_sell_are_told_so(world: World):
    for change, code in (({"active": False}, "partner-inactive"), ({"sells_leads": False}, "partner-cannot-sell")):
        key = await world.issue(await world.partner(**change))
        refused = await world.push(key=key)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
