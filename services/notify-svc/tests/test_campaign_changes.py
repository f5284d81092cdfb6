"""N5.7: partners hear of changes to the campaigns that they feed."""

from typing import Any

from contracts.events.sponsor import (
    IntakeRules,
    ProjectActivatedV1,
    ProjectChangedV1,
    ProjectCreatedV1,
    ProjectPassivatedV1,
    QueueRules,
)
from servicekit.testing import ServiceUnderTest

PROJECT: dict[str, Any] = {"project_id": "prj_1", "name": "Solar", "kind": "outbound", "state": "active"}


async def test_n5_7_partners_hear_of_changes_to_the_campaigns_that_they_feed(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_lead: Any, make_partner: Any
):
    """Of those that concern them; not of queue settings, not of others' campaigns, not twice, not out of order."""
    for number in (1, 2, 3):
        await service.deliver(make_partner(number, purchase_notification_emails=[], email=f"p{number}@p.example"))
    await service.deliver(make_partner(3, purchase_notification_emails=[], email="p3@p.example", active=False), 2)
    for number in (1, 3):
        await service.deliver(make_lead(number, partner=number))
    await service.deliver(ProjectCreatedV1(**PROJECT), 1)
    await service.deliver(ProjectChangedV1(**PROJECT, queue=QueueRules(max_attempts=9)), 2)
    assert await mailer.rows() == []
    passive: dict[str, Any] = PROJECT | {"state": "passive"}
    another: dict[str, Any] = PROJECT | {"project_id": "prj_2"}
    needed = IntakeRules(required_fields=["postcode"])
    await service.deliver(ProjectChangedV1(**PROJECT, intake=needed), 3)
    await service.deliver(ProjectPassivatedV1(**passive, intake=needed), 4)
    await service.deliver(ProjectActivatedV1(**PROJECT), 2)
    await service.deliver(ProjectChangedV1(**another), 1)
    await mailer.settle(mailer.sender(sink.port))
    assert [mail.recipients for mail in sink.mails] == [["p1@p.example"]] * 2
    first, second = sorted(sink.mails, key=lambda mail: "passive" in mail.body("plain"))
    assert "required fields: none → postcode" in first.body("plain")
    assert str(second.message["Subject"]) == "Campaign Solar: passive"
