"""`leadwire stats rebuild`."""

import asyncio
from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import App, Parameter
from messaging.database import Database
from sponsor_svc.statistics.log.rebuild import rebuild_statistics

from leadwire.announcement import say
from leadwire.errors import CannotRun
from leadwire.operate.where import Where
from leadwire.services import service_named

app = App(name="stats", help="The figures that sponsors watch.")
SPONSOR = service_named("sponsor-svc")
Zone = Annotated[str | None, Parameter(help="The centre's zone, e.g. Europe/Helsinki: days begin at its midnight.")]


@app.command
def rebuild(*, where: Annotated[Where, Parameter(name="*")] = Where(), time_zone: Zone = None) -> None:  # noqa: B008 -- frozen
    """Count everything again, from the log of what was counted; pages go on being answered meanwhile."""
    counted = asyncio.run(_rebuild(where, time_zone))
    say(f"{counted} events were counted again")


async def _rebuild(where: Where, time_zone: str | None) -> int:
    if time_zone is not None:
        _check(time_zone)
    address = replace(where, service=SPONSOR.name).addresses()[SPONSOR]
    database = await Database.connect(address, source="/leadwire/sponsor-svc", max_size=1, patience=None)
    try:
        return await rebuild_statistics(database, time_zone)
    finally:
        await database.close()


def _check(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotRun(f"There is no time zone {time_zone}.") from None
