"""Which errors mean that our own database cannot be reached now: 503 with Retry-After, nothing stored."""

import asyncio

import asyncpg

from servicekit.problems import DomainError, Kind

UNAVAILABLE: tuple[type[Exception], ...] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was told FATAL and is not closed yet
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,  # two crossed; this one is undone, and goes through when it is sent again
)


def unavailable() -> DomainError:
    detail = (
        "The service cannot reach its database. Whether a write was committed is unknown: "
        "repeat it with the same id or key."
    )
    return DomainError(Kind.UNAVAILABLE, "unavailable", detail, headers={"Retry-After": "1"})
