"""The few pages of `leadwire up` that are no service's: the start page, and the frame that they share."""

from collections.abc import Sequence
from html import escape

from contracts.ids import new_uuid
from servicekit.app import App
from servicekit.health import failing_checks
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from leadwire.gateway.in_process import not_found_body

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; vertical-align: top }
tbody tr { border-top: 1px solid #8884 }
pre { white-space: pre-wrap; padding: 1rem; border: 1px solid #8884; border-radius: 6px }
iframe { width: 100%; height: 24rem; border: 1px solid #8884; border-radius: 6px; background: #fff }
"""


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML, `title` is text."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · Leadwire</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def ready_page(apps: Sequence[App]) -> Route:
    """`/readyz` of a process that is all services."""

    async def readyz(_: Request) -> Response:
        failing = {
            f"{app.name} {check}": words for app in apps for check, words in (await failing_checks(app.http)).items()
        }
        status = "not ready" if failing else "ready"
        return JSONResponse({"service": "leadwire", "status": status, "failing": failing}, 503 if failing else 200)

    return Route("/readyz", readyz)


def start_pages(routes: list[BaseRoute]) -> Starlette:
    """The application for every path outside `/v1`."""

    async def start(_: Request) -> Response:
        links = (
            ("/mail", "Mail", "what notify-svc has sent to the local sink"),
            ("/docs/", "API", "every operation of the platform"),
            ("/docs/events.html", "Events", "what the services tell each other"),
            ("/healthz", "Health", "is it alive"),
        )
        rows = "".join(f'<tr><td><a href="{path}">{name}</a><td>{words}</tr>' for path, name, words in links)
        return HTMLResponse(page("Leadwire", f"<p>The platform is running.</p><table><tbody>{rows}</tbody></table>"))

    async def healthz(_: Request) -> Response:
        return JSONResponse({"service": "gateway", "status": "alive"})

    async def not_found(request: Request, _: Exception) -> Response:
        request_id = request.headers.get("x-request-id") or new_uuid().hex
        headers = {"X-Request-Id": request_id}
        return Response(not_found_body(request_id), 404, headers, media_type="application/problem+json")

    return Starlette(
        routes=[Route("/", start), Route("/healthz", healthz), *routes], exception_handlers={404: not_found}
    )
