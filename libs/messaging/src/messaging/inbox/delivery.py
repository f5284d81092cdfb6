"""A message as it came from a transport, and what is to become of it."""

from dataclasses import dataclass
from uuid import UUID

import msgspec


class Delivery(msgspec.Struct):
    """`attempts` failures and `waits` (NotYet) so far; `redeliveries` as counted by the broker.

    `message_id` is what the transport says, for bodies that cannot be read.
    """

    body: bytes
    message_id: UUID | None = None
    attempts: int = 0
    waits: int = 0
    redeliveries: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """Committed, or known from before: acknowledge it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Store it in the delay tier (an index into the transport's delays), then acknowledge it."""

    message_id: UUID
    tier: int
    attempts: int
    waits: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Store it among the dead letters, then acknowledge it. Neither code nor detail holds values from the message."""

    message_id: UUID
    type: str
    subject: str
    code: str
    detail: str
    attempts: int


Verdict = Done | TryAgain | Dead

DONE = Done()
