"""Property tests of how events travel: what goes in comes out, and nothing but the two errors ever comes of garbage."""

import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from contracts.envelope import (
    Envelope,
    Trace,
    UndecodableMessage,
    UnknownEventType,
    decode_envelope,
    decode_event,
    encode,
)
from contracts.event import EVENT_TYPES
from contracts.events.intake import LeadAcceptedV1
from contracts.events.values import Account, LeadRef, Person, Problem
from contracts.samples import example_envelope
from hypothesis import given
from hypothesis import strategies as st

text = st.text(max_size=20)
maybe = st.none() | text
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=10,
)
json_objects = st.dictionaries(text, json_values, max_size=3)
moments = st.datetimes(timezones=st.just(UTC))
leads = st.builds(
    LeadAcceptedV1,
    lead=st.builds(LeadRef, lead_id=text, partner_id=text, project_id=text, sponsor_id=maybe, test=st.booleans()),
    external_id=text,
    received_at=moments,
    location=text,
    priority=text,
    hold=st.booleans(),
    person=st.builds(Person, first_name=maybe, phone=maybe, address=st.none() | json_objects),
    account=st.none() | st.builds(Account, external_id=text, fields=json_objects),
    custom=json_objects,
    problems=st.lists(st.builds(Problem, code=text, level=text, detail=text), max_size=3),
)
traces = st.builds(Trace, correlation_id=text, causation_id=text, traceparent=text)

EXAMPLES = [msgspec.json.encode(example_envelope(name, full=True)) for name in sorted(EVENT_TYPES)]


@given(leads, st.integers(0, 2**63 - 1), traces)
def test_an_event_comes_out_as_it_went_in(lead: LeadAcceptedV1, sequence: int, trace: Trace):
    message = encode(lead, source="urn:leadwire:intake", sequence=sequence, trace=trace)
    envelope = decode_envelope(message.body)
    assert decode_event(envelope) == lead
    assert (envelope.id, envelope.type, envelope.subject) == (message.id, message.type, message.subject)
    assert (envelope.sequence, envelope.source) == (sequence, "urn:leadwire:intake")
    assert (envelope.causationid, envelope.traceparent) == (trace.causation_id, trace.traceparent)
    assert envelope.correlationid == (trace.correlation_id or str(message.id))
    assert envelope.trace.causation_id == str(message.id)


def test_the_time_is_now_with_an_offset():
    before = datetime.now(UTC)
    message = encode(_lead(), source="s", sequence=1, trace=Trace())
    assert before <= decode_envelope(message.body).time <= datetime.now(UTC)


@given(st.binary(max_size=300) | json_values.map(msgspec.json.encode))
def test_garbage_is_undecodable_and_never_another_error(body: bytes):
    with pytest.raises(UndecodableMessage, match=r"^not a CloudEvent in structured JSON$"):
        decode_envelope(body)


@st.composite
def damaged_examples(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body) - 1))
        body[at : at + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=3) | st.sampled_from([b"null", b'"', b"{", b"-1"])
        )
    return bytes(body)


@given(damaged_examples())
def test_a_damaged_message_is_read_or_refused_without_a_word_of_what_is_in_it(body: bytes):
    assert what_became_of(body) in {
        "read",
        "not a CloudEvent in structured JSON",
        "no class is registered for the type of this message",
        *(f"data does not fit {name}" for name in EVENT_TYPES),
    }


def what_became_of(body: bytes) -> str:
    try:
        decode_event(decode_envelope(body))
    except (UndecodableMessage, UnknownEventType) as error:
        return str(error)
    return "read"


@given(st.sampled_from(sorted(EVENT_TYPES)), st.binary(max_size=60) | json_values.map(msgspec.json.encode))
def test_data_that_does_not_fit_is_undecodable(name: str, data: bytes):
    envelope = msgspec.structs.replace(example_envelope(name, full=True), data=msgspec.Raw(data))
    with pytest.raises(UndecodableMessage, match=f"^data does not fit {name}$"):
        decode_event(envelope)


@pytest.mark.parametrize(
    "address",
    [
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' + b"1" * 5_000 + b"}",
        b'{"a":1e999}',
        b'{"\xff":1}',
        b'{"a":"\\ud800"}',
    ],
    ids=["nested deeply", "huge number", "infinite number", "not utf-8", "half a surrogate pair"],
)
def test_hostile_json_is_undecodable(address: bytes):
    example = example_envelope("intake.lead.accepted.v1", full=False)
    data = bytes(example.data).replace(b'"person":{}', b'"person":{"address":' + address + b"}")
    assert address in data
    body = msgspec.json.encode(msgspec.structs.replace(example, data=msgspec.Raw(data)))
    with pytest.raises(UndecodableMessage):
        decode_event(decode_envelope(body))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"specversion":"1.0"', b'"specversion":"aino@example.com"'), (b'"hold":true', b'"hold":"aino@example.com"')],
    ids=["envelope", "data"],
)
def test_an_error_shows_no_personal_data_not_even_in_its_traceback(old: bytes, new: bytes):
    body = _body().replace(old, new)
    assert new in body
    with pytest.raises(UndecodableMessage) as caught:
        decode_event(decode_envelope(body))
    assert "aino" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None  # whatever the library may say about values in a later release
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("id", "not-a-uuid"),
        ("time", "2026-03-02T09:15:00"),
        ("sequence", -1),
        ("sequence", 2**63),
        ("sequence", "1"),
        ("subject", None),
    ],
)
def test_an_attribute_outside_the_contract_is_undecodable(attribute: str, value: Any):
    body = msgspec.json.decode(_body()) | {attribute: value}
    with pytest.raises(UndecodableMessage):
        decode_envelope(msgspec.json.encode(body))


@pytest.mark.parametrize("attribute", ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"])
def test_a_missing_attribute_is_undecodable(attribute: str):
    body = msgspec.json.decode(_body())
    del body[attribute]
    with pytest.raises(UndecodableMessage):
        decode_envelope(msgspec.json.encode(body))


def test_an_unknown_type_is_an_error_of_its_own_that_does_not_repeat_it():
    envelope = msgspec.structs.replace(example_envelope("intake.lead.accepted.v1", full=True), type="aino@example.com")
    with pytest.raises(UnknownEventType) as caught:
        decode_event(envelope)
    assert "aino" not in str(caught.value)


def _lead() -> LeadAcceptedV1:
    event = decode_event(example_envelope("intake.lead.accepted.v1", full=False))
    assert isinstance(event, LeadAcceptedV1)
    return msgspec.structs.replace(event, hold=False)


def _body() -> bytes:
    example: Envelope = example_envelope("intake.lead.accepted.v1", full=True)
    return msgspec.json.encode(example)
