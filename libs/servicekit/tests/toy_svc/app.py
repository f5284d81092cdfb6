"""A service with one of everything."""

import asyncio
from typing import Annotated, Any, Literal

from asyncpg import UniqueViolationError
from contracts.events.identity import UserChangedV1, UserCreatedV1
from contracts.ids import new_id
from fastapi import Query, Request, Response
from messaging.database import Database
from messaging.subscription import Ordering, Received, Subscription, each
from messaging.unit_of_work import UnitOfWork
from pydantic import Field
from servicekit.app import App
from servicekit.audit import Rules
from servicekit.etag import IfMatch, check_match, etag
from servicekit.http import Db, Input, Patch, create_http, router
from servicekit.idempotency import without
from servicekit.identity import Caller
from servicekit.own_transactions import own_transactions
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import DomainError, conflict, invalid, not_found

from toy_svc.settings import Settings

NAME = "toy-svc"
RULES = Rules(
    exempt={"POST /v1/dreams": "nobody keeps them"},
)
things = router()


class Crash(Exception):
    """Its text must never get out."""


class Left(Input):
    kind: Literal["left"]


class Right(Input):
    kind: Literal["right"]


class Thing(Input):
    name: str = Field(max_length=50)
    size: float = 0
    number: int = 0
    way: Annotated[Left | Right, Field(discriminator="kind")] | None = None
    custom: dict[str, Any] = Field(default_factory=dict)
    crash: bool = False


class Greeting(Input):
    user_ids: list[str] = Field(min_length=1)


class Naming(Patch):
    name: str | None = None
    pin: str | None = None


@things.post("/v1/things", status_code=201)
async def post_thing(body: Thing, database: Db, caller: Caller) -> dict[str, str]:
    thing_id = new_id("thg")
    async with database.unit_of_work() as work:
        await work.execute("INSERT INTO things (id, name) VALUES ($1, $2)", thing_id, body.name)
        work.publish(user_event(thing_id), sequence=1)
        if body.crash:
            raise Crash(f"secret {body.name}")
    return {"id": thing_id, "caller": caller.user_id}


@things.get("/v1/things")
async def get_things(database: Db, limit: Limit = 2, cursor: Cursor = None) -> Page[dict[str, str]]:
    after = decode_cursor(cursor, str, int)
    async with database.unit_of_work() as work:
        rows = await work.fetch(
            "SELECT id, name FROM things WHERE ($1::text IS NULL OR id > $1) AND $2::bigint = 1 ORDER BY id LIMIT $3",
            after[0] if after else None,
            after[1] if after else 1,
            limit + 1,
        )
    return page_of(rows, limit, dict, lambda row: (row["id"], 1))


@things.get("/v1/things/{thing_id}")
async def get_thing(thing_id: str, database: Db, q: Annotated[int, Query()] = 0) -> dict[str, str]:
    async with database.unit_of_work() as work:
        return {"name": await work.fetchval("SELECT name FROM things WHERE id = $1 OR $2::int2 = 7", thing_id, q) or ""}


@things.get("/v1/things/{thing_id}/export")
async def export_thing(thing_id: str, state: str = "", phone: str = "") -> dict[str, str]:
    return {"id": thing_id, "state": state, "phone": phone}


@things.post("/v1/things/{thing_id}/wake")
async def wake_thing(thing_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": thing_id, "woken": bool(body)}


@things.post("/v1/tries")
@own_transactions("they stay counted although the request fails")
async def post_try(database: Db) -> None:
    async with database.unit_of_work() as work:
        await work.execute("INSERT INTO things (id, name) VALUES ('thg_try', 'a')")
    raise conflict("wrong", "It was wrong.")


@things.post("/v1/dreams")
async def post_dream(body: dict[str, Any]) -> dict[str, Any]:
    return body


@things.patch("/v1/things/{thing_id}")
async def patch_thing(
    thing_id: str, response: Response, database: Db, if_match: IfMatch = None, body: Naming | None = None
) -> dict[str, str]:
    check_match(if_match, 3)
    if body is not None:
        async with database.unit_of_work() as work:
            await work.execute(
                "UPDATE things SET name = coalesce($2, name), pin = coalesce($3, pin), seen = now() WHERE id = $1",
                thing_id,
                body.name,
                body.pin,
            )
    response.headers["ETag"] = etag(4)
    return {"id": thing_id}


@things.post("/v1/slow", status_code=201)
async def post_slow(database: Db, caller: Caller) -> dict[str, str]:
    async with database.unit_of_work() as work:
        await work.execute("SELECT pg_advisory_xact_lock(1)")
    return {"caller": caller.user_id}


@things.post("/v1/beside")
async def post_beside(database: Db) -> dict[str, str]:
    """Needs a second connection beside the one that an idempotency key holds."""
    async with database.unit_of_work() as work, database.pool.acquire() as other:
        await work.execute("SELECT pg_sleep(0.01)")
        return {"secret": str(await other.fetchval("SELECT 1"))}


post_beside.answer_to_keep = without("secret")  # pyright: ignore[reportFunctionMemberAccess] -- read by the route


@things.post("/v1/batch")
async def post_batch(body: list[Thing], database: Db) -> list[str]:
    """Every thing for itself."""
    results: list[str] = []
    for thing in body:
        try:
            async with database.unit_of_work() as work:
                await work.execute("INSERT INTO things (id, name) VALUES ($1, $1)", thing.name)
                work.publish(user_event(thing.name), sequence=1)
                if thing.crash:
                    raise Crash  # noqa: TRY301 -- inside the part, like a rule that says no
            results.append("ok")
        except (Crash, UniqueViolationError):
            results.append("failed")
    return results


@things.get("/v1/heard/{user_id}")
async def get_heard(user_id: str, database: Db, request: Request) -> dict[str, str]:
    await _require_heard(request, database, [user_id], not_found())
    return {"id": user_id}


@things.post("/v1/greetings", status_code=201)
async def post_greeting(body: Greeting, database: Db, request: Request) -> dict[str, str]:
    unknown = invalid("user-unknown", "There is no such user.", "/user_ids")
    await _require_heard(request, database, body.user_ids, unknown)
    async with database.unit_of_work() as work:
        await work.execute("INSERT INTO things (id, name) VALUES ($1, $1)", new_id("thg"))
    return {"id": body.user_ids[0]}


async def _require_heard(request: Request, database: Database, user_ids: list[str], refusal: DomainError) -> None:
    request.app.state.asked = [*getattr(request.app.state, "asked", []), user_ids]
    async with database.unit_of_work() as work:
        heard = await work.fetchval("SELECT count(DISTINCT user_id) FROM heard WHERE user_id = ANY ($1)", user_ids)
    if heard < len(user_ids):
        raise refusal


async def hear(work: UnitOfWork, received: Received[UserCreatedV1]) -> None:
    await work.execute("INSERT INTO heard (user_id) VALUES ($1)", received.event.user_id)
    changed = UserChangedV1(user_id="usr_2", email="", name="", access_level="", active=True)
    work.publish(changed, sequence=2)


def user_event(user_id: str) -> UserCreatedV1:
    return UserCreatedV1(user_id=user_id, email="a@example.test", name="A", access_level="admin", active=True)


async def build(settings: Settings) -> App:
    dsn = settings.database_url.get_secret_value()
    database = await Database.connect(dsn, source="/leadwire/identity-svc")  # in whose name it publishes
    subscription = Subscription(name="users", ordering=Ordering.COMMUTATIVE, handlers={UserCreatedV1: each(hear)})

    async def crash() -> None:
        await asyncio.sleep(0.2)
        raise Crash("secret of a task")

    return App(
        name=NAME,
        database=database,
        http=create_http(
            NAME,
            database,
            settings.verifier(),
            [things],
            body_limits={"/v1/things": 100_000},
            audit=RULES,
            hears_of=["usr"],
        ),
        subscriptions=[subscription],
        tasks=[crash] if settings.crash else [],
    )
