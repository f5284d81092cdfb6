"""The shortest way from the server to an endpoint: past router, exit stacks and dependency solving, which together
cost more than all checks of a lead.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send


class DirectRoute(APIRoute):
    """Calls its endpoint with the request, and nothing else. What it takes and gives is said for the document only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


class DirectPaths:
    """Middleware that answers the direct routes itself, with the same errors as the application's."""

    def __init__(self, app: ASGIApp, http: FastAPI, routes: Sequence[DirectRoute]) -> None:
        self.app = app
        self._http = http
        self._routes = {(method, route.path): route for route in routes for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            response = await route.endpoint(request)
        except Exception as error:
            response = self._answer(request, error)
            if response is None:
                raise
        await response(scope, receive, send)

    def _answer(self, request: Request, error: Exception) -> Response | None:
        handlers: dict[Any, Any] = self._http.exception_handlers
        for error_class in type(error).__mro__:
            if error_class in handlers:
                return handlers[error_class](request, error)
        return None


def serve_directly(http: FastAPI, router: APIRouter) -> None:
    """Puts the router's direct routes behind the edge (request id, trace, limits) and before everything else."""
    routes = [route for route in router.routes if isinstance(route, DirectRoute)]
    http.user_middleware.append(Middleware(DirectPaths, http=http, routes=routes))
