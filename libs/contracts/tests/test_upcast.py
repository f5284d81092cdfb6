"""A consumer of the second major reads messages of the first (lifecycle: a new major is a class and an upcaster)."""

import pytest
from contracts.envelope import Envelope, Trace, UnknownEventType, decode_envelope, decode_event, encode
from contracts.event import Event, event
from contracts.upcast import upcaster


class _Call(Event, frozen=True, kw_only=True):
    call_id: str

    @property
    def subject(self) -> str:
        return self.call_id


class CallEndedV1(_Call, frozen=True, kw_only=True):
    minutes: int


class CallEndedV2(_Call, frozen=True, kw_only=True):
    seconds: int


class CallEndedV3(_Call, frozen=True, kw_only=True):
    milliseconds: int


def v1_to_v2(old: CallEndedV1) -> CallEndedV2:
    return CallEndedV2(call_id=old.call_id, seconds=old.minutes * 60)


def v2_to_v3(old: CallEndedV2) -> CallEndedV3:
    return CallEndedV3(call_id=old.call_id, milliseconds=old.seconds * 1000)


@pytest.fixture(autouse=True)
def majors(registry: dict[str, type[Event]]) -> None:
    for number, event_class in enumerate((CallEndedV1, CallEndedV2, CallEndedV3), 1):
        event(f"test.call.ended.v{number}")(event_class)
    upcaster("test.call.ended.v1")(v1_to_v2)
    upcaster("test.call.ended.v2")(v2_to_v3)
    assert "test.call.ended.v3" in registry


def sent(something: Event) -> Envelope:
    return decode_envelope(encode(something, source="urn:leadwire:test", sequence=1, trace=Trace()).body)


def test_an_event_is_read_as_it_was_sent_when_nothing_else_is_wanted():
    assert decode_event(sent(CallEndedV1(call_id="c", minutes=2))) == CallEndedV1(call_id="c", minutes=2)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([CallEndedV1], CallEndedV1(call_id="c", minutes=2)),
        ([CallEndedV2], CallEndedV2(call_id="c", seconds=120)),
        ([CallEndedV3], CallEndedV3(call_id="c", milliseconds=120_000)),
        ([CallEndedV3, CallEndedV2], CallEndedV2(call_id="c", seconds=120)),
    ],
    ids=["same", "next", "two steps", "the nearest"],
)
def test_an_event_is_upcast_until_its_class_is_wanted(wanted: list[type[Event]], expected: Event):
    assert decode_event(sent(CallEndedV1(call_id="c", minutes=2)), wanted) == expected


def test_an_event_newer_than_what_is_wanted_is_unknown():
    with pytest.raises(UnknownEventType, match=r"^test\.call\.ended\.v3 is not wanted"):
        decode_event(sent(CallEndedV3(call_id="c", milliseconds=1)), [CallEndedV1])


def test_a_type_has_one_upcaster_and_one_class():
    with pytest.raises(ValueError, match="two upcasters"):
        upcaster("test.call.ended.v1")(v1_to_v2)
    with pytest.raises(ValueError, match="two classes"):
        event("test.call.ended.v1")(CallEndedV1)
