"""What `build()` of a service returns: everything that can run, wired."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from messaging.database import Database
from messaging.subscription import Subscription

Task = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class App:
    """A service: `http` serves its API; its worker runs the relay, `subscriptions` and `tasks` (until cancelled).

    `lanes`: further pools of the same database, for what must not wait for the rest.
    """

    name: str
    database: Database
    http: FastAPI
    subscriptions: Sequence[Subscription] = ()
    tasks: Sequence[Task] = ()
    lanes: Sequence[Database] = ()

    async def close(self) -> None:
        for each in (*self.lanes, self.database):
            await each.close()
