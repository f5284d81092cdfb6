"""`/healthz` (alive), `/readyz` (can work), `/metrics`."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from servicekit.unavailable import UNAVAILABLE

Check = Callable[[], Awaitable[str | None]]


def health_router(name: str) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"service": name, "status": "alive"}

    @router.get("/readyz", responses={503: {"description": "It cannot work now; `failing` says why."}})
    async def readyz(request: Request) -> Response:
        failing = {check: words for check, words in (await _run(request)).items() if words is not None}
        status = "ready" if not failing else "not ready"
        return JSONResponse({"service": name, "status": status, "failing": failing}, 503 if failing else 200)

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _run(request: Request) -> dict[str, str | None]:
    checks: dict[str, Check] = getattr(request.app.state, "readiness", {})
    results: dict[str, str | None] = {}
    for check, ask in {"database": _database(request), **checks}.items():
        try:
            results[check] = await ask()
        except UNAVAILABLE as error:
            results[check] = type(error).__name__
    return results


def _database(request: Request) -> Check:
    async def ask() -> str | None:
        await request.app.state.database.pool.fetchval("SELECT 1", timeout=5)
        return None

    return ask
