"""The base of every contract event, and the registry of event types."""

from collections.abc import Callable
from typing import ClassVar, TypeVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, as told to other services.

    Producers cannot add fields that the class does not declare; consumers ignore fields they do not know. Fields with
    a fixed vocabulary are plain `str`, so that a consumer survives a value that was added later.
    """

    type: ClassVar[str] = ""
    context: ClassVar[str] = ""

    @property
    def subject(self) -> str:
        """Id of the entity that the event is about; versions (`sequence`) count per subject."""
        raise NotImplementedError


EventClass = TypeVar("EventClass", bound=type[Event])

EVENT_TYPES: dict[str, type[Event]] = {}


def event(type_name: str) -> Callable[[EventClass], EventClass]:
    """Registers a class under its versioned type name, e.g. `intake.lead.accepted.v1`."""

    def register(cls: EventClass) -> EventClass:
        if type_name in EVENT_TYPES:
            raise ValueError(f"two classes for {type_name}")
        cls.type = type_name
        cls.context = type_name.split(".", 1)[0]
        EVENT_TYPES[type_name] = cls
        return cls

    return register
