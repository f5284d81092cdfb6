"""`/healthz` (alive), `/readyz` (can work), `/metrics`."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from messaging.database import Database
from messaging.sight import EVERYTHING, seeing
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from servicekit.metrics import Refresh
from servicekit.migrations import current_revision, known_revisions, newest_revision
from servicekit.unavailable import UNAVAILABLE

Check = Callable[[], Awaitable[str | None]]
ASK_SECONDS = 5


def set_up_health(http: FastAPI, name: str, database: Database) -> None:
    """Adds the endpoints. A check says in words what is missing; `before_scrape` brings the gauges up to date.

    The broker is not asked for an API: while it is away, leads are accepted into the outbox all the same.
    """
    readiness: dict[str, Check] = {"database": _database(database), "migrations": _migrations(name, database)}
    before_scrape: list[Refresh] = []
    http.state.readiness = readiness
    http.state.before_scrape = before_scrape
    http.include_router(_router(name))


def create_health_http(name: str, database: Database) -> FastAPI:
    """An application with nothing else: for a worker."""
    http = FastAPI(title=f"{name} worker", version="1", openapi_url=None, docs_url=None, redoc_url=None)
    set_up_health(http, name, database)
    return http


def _router(name: str) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"service": name, "status": "alive"}

    @router.get("/readyz", responses={503: {"description": "It cannot work now; `failing` says why."}})
    async def readyz(request: Request) -> Response:
        failing = await failing_checks(request.app)
        status = "not ready" if failing else "ready"
        return JSONResponse({"service": name, "status": status, "failing": failing}, 503 if failing else 200)

    @router.get("/metrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        for refresh in request.app.state.before_scrape:
            try:
                await refresh()
            except UNAVAILABLE:
                continue  # the counters of the process are still worth a look
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def failing_checks(http: FastAPI) -> dict[str, str]:
    """What keeps the application from working, in words, by check; empty when it can."""
    readiness: dict[str, Check] = http.state.readiness
    failing: dict[str, str] = {}
    for check, ask in readiness.items():
        try:
            with seeing(EVERYTHING):
                words = await ask()
        except UNAVAILABLE as error:
            words = type(error).__name__
        if words is not None:
            failing[check] = words
    return failing


def _database(database: Database) -> Check:
    async def ask() -> str | None:
        await database.pool.fetchval("SELECT 1", timeout=ASK_SECONDS)
        return None

    return ask


def _migrations(name: str, database: Database) -> Check:
    """A revision that this version does not know comes from a newer one, whose schema fits its predecessor too."""
    package = name.replace("-", "_")

    async def ask() -> str | None:
        if find_spec(package) is None:
            return None
        current = await current_revision(database.pool)
        behind = current is None or current in known_revisions(package) - {newest_revision(package)}
        return f"the schema is behind: run python -m {package} migrate" if behind else None

    return ask
