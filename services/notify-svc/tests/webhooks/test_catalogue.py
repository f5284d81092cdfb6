"""What the outward shapes of events hold, and never hold (N5.6)."""

from typing import Any

import msgspec
import pytest
from contracts.envelope import decode_envelope, decode_event
from contracts.event import EVENT_TYPES, Event
from contracts.samples import example_envelope
from notify_svc.webhook_events.catalogue import CATALOGUE, is_known_pattern, matches, told_to

INSIDE = {"agent_id", "previous_agent_id", "actor", "note", "decided_by", "evidence", "person"}


def _sample(event_class: type[Event]) -> Any:
    envelope = example_envelope(event_class.type, full=True)
    return decode_event(decode_envelope(msgspec.json.encode(envelope)))


@pytest.mark.parametrize("event_class", CATALOGUE, ids=lambda each: each.type)
def test_n5_6_no_event_tells_anybody_what_is_internal(event_class: type[Event]):
    """Agents, people who decided, notes, evidence; to partners also no sponsor, order or answer."""
    event = _sample(event_class)
    for audience in ("partner", "sponsor", "project", "crm", "buyer"):
        for with_comments in (False, True):
            told = told_to(event, audience, with_comments=with_comments) or {}
            assert not INSIDE & told.keys()
            if audience == "partner":
                assert not {"sponsor_id", "contact_list_id", "order", "answers", "contact", "partner_id"} & told.keys()
            if audience == "buyer":
                assert not {"sponsor_id", "project_id", "partner_id", "external_id"} & told.keys()
            if audience == "partner" and not with_comments:
                assert "comment" not in told
            if audience == "sponsor":
                assert not {"partner_id", "contact", "problems", "comment"} & told.keys()


def test_n5_6_the_catalogue_has_what_outsiders_may_hear():
    types = {event_class.type for event_class in CATALOGUE}
    prefixes = ("intake.return.", "intake.sale_return.", "validation.case.", "assignment.lead.")
    wanted = {name for name in EVENT_TYPES if name.startswith(prefixes)}
    wanted |= {"assignment.order.completed.v1", "assignment.opportunity.created.v1", "assignment.survey.answered.v1"}
    assert wanted <= types
    assert {"intake.lead.accepted.v1", "intake.lead.rejected.v1", "intake.lead.erased.v1"} <= types


def test_n5_6_patterns_name_whole_groups():
    assert matches("*", "intake.lead.accepted.v1")
    assert matches("intake.lead.*", "intake.lead.accepted.v1")
    assert not matches("intake.lead.*", "intake.leads.accepted.v1")
    assert not matches("intake.lead", "intake.lead.accepted.v1")
    assert is_known_pattern("assignment.*")
    for odd in ("", "*.*", "intake", "intake.l*", "identity.user.*", "notify.*", "intake.partner.changed.v1"):
        assert not is_known_pattern(odd)
