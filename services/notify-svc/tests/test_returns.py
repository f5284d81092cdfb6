"""N2.9, N2.11, I2.10: what partners hear of returns."""

from datetime import UTC, datetime
from typing import Any

import pytest
from contracts.events.intake import (
    ReturnAcceptedV1,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnLapsedV1,
)
from messaging.errors import NotYet
from servicekit.testing import ServiceUnderTest

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_n2_9_a_return_is_mailed_to_each_address_for_returns(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_return: Any, make_partner: Any
):
    await service.deliver(make_partner(return_notification_emails=["r1@p.example", "R2@p.example"]))
    await service.deliver(make_return())
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(mail.recipients[0] for mail in sink.mails) == ["r1@p.example", "r2@p.example"]
    for mail in sink.mails:
        assert str(mail.message["Subject"]) == "Lead ext-1 is returned"
        assert "wrong-number" in mail.body("plain")
        assert "2026-03-09" in mail.body("html")


@pytest.mark.parametrize("included", [False, True])
async def test_i2_10_comments_are_only_in_the_mail_where_the_partner_may_see_them(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_return: Any, make_partner: Any, *, included: bool
):
    """Neither in what is sent nor in what is kept; notes of validators never."""
    await service.deliver(
        make_partner(return_notification_emails=["r@p.example"], include_comments_with_return=included)
    )
    await service.deliver(make_return())
    await mailer.settle(mailer.sender(sink.port))
    [mail] = sink.mails
    assert ("a fax" in mail.body("plain")) is included
    assert ("a fax" in mail.body("html")) is included
    [row] = await mailer.rows()
    assert ("a fax" in str(row["variables"])) is included
    assert "secret note" not in str(row["variables"])


async def test_n2_9_what_became_of_returns_is_told_where_the_rule_is_turned_on(
    service: ServiceUnderTest, mailer: Any, sink: Any, make_return: Any, make_partner: Any
):
    await service.deliver(make_partner(return_notification_emails=["r@p.example"]))
    await service.deliver(make_return(ReturnAcceptedV1))
    assert await mailer.rows() == []
    path = "/v1/notification-rules/rul_return_answer"
    assert (await service.http.patch(path, json={"active": True}, headers=service.headers())).is_success
    for kind in (ReturnAcceptedV1, ReturnDeclinedV1, ReturnDisputedV1):
        await service.deliver(make_return(kind))
    await service.deliver(make_return(ReturnLapsedV1, outcome="accepted"))
    await mailer.settle(mailer.sender(sink.port))
    assert sorted(str(mail.message["Subject"]).rpartition(" ")[2] for mail in sink.mails) == [
        "accepted", "declined", "disputed", "lapsed",
    ]  # fmt: skip


async def test_n2_9_a_return_that_comes_before_its_partner_waits(
    service: ServiceUnderTest, mailer: Any, make_return: Any, make_partner: Any
):
    with pytest.raises(NotYet):
        await service.deliver(make_return())
    await service.deliver(make_partner(return_notification_emails=["r@p.example"]))
    await service.deliver(make_return())
    assert len(await mailer.rows()) == 1
