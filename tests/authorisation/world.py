"""Two sides and those who belong to neither."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.api import Api

from authorisation.hosting import ADMIN_EMAIL, ADMIN_PASSWORD, Hosted, hosted
from authorisation.rows import PEOPLE
from authorisation.side import PASSWORD, Side, make_side, trade


@dataclass(frozen=True)
class World:
    """`callers` are all access levels of the matrix; those with rows of their own belong to `own`."""

    host: Hosted
    own: Side
    foreign: Side
    callers: dict[str, Api]


@asynccontextmanager
async def made_world(folder: Path) -> AsyncGenerator[World]:
    async with hosted(folder) as host:
        async with host.working():
            admin = await host.api.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
            own = await make_side("Alpha", admin, host.api)
            foreign = await make_side("Beta", admin, host.api)
            await trade(own, foreign)
            await trade(foreign, own)
            callers = {"admin": admin, **own.callers, **await _staff(admin, host.api)}
            await _sessions(own, foreign, callers)
        yield World(host, own, foreign, callers)


async def _staff(admin: Api, anybody: Api) -> dict[str, Api]:
    staff = {"anonymous": anybody}
    for level in ("supervisor", "call_centre", "deactivated"):
        email = f"{level}@matrix.test"
        rights = "admin" if level == "deactivated" else level
        body = {"email": email, "name": level, "access_level": rights, "password": PASSWORD, "active": True}
        user = await admin.post("/v1/users", body)
        staff[level] = await anybody.sign_in(email, PASSWORD)
        if level == "deactivated":
            await admin.patch(f"/v1/users/{user['id']}", {"active": False})
    return staff


async def _sessions(own: Side, foreign: Side, callers: dict[str, Api]) -> None:
    """Everybody has one, and a stranger's is another's."""
    for level in PEOPLE:
        own.ids[f"session_id@{level}"] = await _session_of(callers[level])
    own.ids["session_id"] = own.ids["session_id@leads_agent"]
    foreign.ids["session_id"] = await _session_of(foreign.callers["leads_agent"])


async def _session_of(caller: Api) -> str:
    sessions = (await caller.get("/v1/me/sessions"))["data"]
    return next(str(session["id"]) for session in sessions if session["current"])
