"""The cookies of people: the session's, and its CSRF companion that the page may read.

Where people come by TLS their names begin with `__Host-`: browsers then take them from this host only, over TLS only,
so that nobody beside it, and nobody on the line, can plant one. Over plain HTTP browsers refuse such names.
"""

from datetime import datetime

from fastapi import Request, Response

from identity_svc.sessions.tokens import csrf_token

SESSION, CSRF = "leadwire_session", "leadwire_csrf"
_HOST_PREFIX = "__Host-"


def read_cookie(request: Request, name: str) -> str | None:
    """Only under the name that is set: by TLS one without the prefix may be anybody's."""
    return request.cookies.get(cookie_name(request, name)) or None


def set_cookies(request: Request, response: Response, token: str, expires_at: datetime) -> None:
    """The page may read the CSRF token, and never the session's."""
    secure = is_https(request)
    for name, value in ((SESSION, token), (CSRF, csrf_token(token))):
        response.set_cookie(
            cookie_name(request, name),
            value,
            expires=expires_at,
            path="/",
            secure=secure,
            httponly=name == SESSION,
            samesite="strict",
        )


def clear_cookies(request: Request, response: Response) -> None:
    secure = is_https(request)
    for name in (SESSION, CSRF):
        response.delete_cookie(
            cookie_name(request, name), path="/", secure=secure, httponly=name == SESSION, samesite="strict"
        )


def cookie_name(request: Request, name: str) -> str:
    return f"{_HOST_PREFIX}{name}" if is_https(request) else name


def is_https(request: Request) -> bool:
    """By the public URL, else by what the gateway says of the request."""
    only_https: bool = request.app.state.only_https
    return only_https or request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
