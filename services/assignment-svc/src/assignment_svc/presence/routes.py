"""HTTP of presence: for pages that are open and have nothing else to say."""

from fastapi import APIRouter
from servicekit.http import router
from servicekit.identity import Caller

from assignment_svc.scope import require_staff


def presence_routes() -> APIRouter:
    routes = router(prefix="/v1/agents/me", tags=["agents"])

    @routes.post("/heartbeat", status_code=204, summary="Say that you are there, as any request does")
    async def heartbeat(caller: Caller) -> None:
        require_staff(caller)

    return routes
