"""What an exception says about a message: pure rules."""

from dataclasses import dataclass

import asyncpg

from messaging.errors import NotYet, PermanentFailure

# At 5 s in the first tier: a minute for the earlier event to arrive. Then it counts as a failure and goes on
# through the longer tiers.
MAX_WAITS = 12

# The database is away, full or read-only: says nothing about the message, however long it lasts.
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
)

# As a rule the same; but if the database answers and it happens again and again, it is the message.
DATABASE_TROUBLE = (
    *DATABASE_AWAY,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`permanent`: the dead letters at once. `waiting`: an earlier event is missing."""

    code: str
    detail: str
    permanent: bool = False
    waiting: bool = False


def classify(error: Exception) -> Failure:
    """Names the failure without values: an exception's text may hold personal data."""
    name = type(error).__name__
    match error:
        case PermanentFailure():
            return Failure(error.code, name, permanent=True)
        case NotYet():
            return Failure("not-yet", name, waiting=True)
        case asyncpg.PostgresError():
            known = error.as_dict()  # the field names of the protocol; the message is not read
            detail = f"SQLSTATE {known.get('sqlstate')} {known.get('constraint_name') or ''}".strip()
            return Failure(name, detail, permanent=isinstance(error, asyncpg.DataError))
        case _:
            return Failure(name, f"{type(error).__module__}.{name}")
