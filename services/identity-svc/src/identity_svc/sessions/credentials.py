"""Where tokens travel: the session cookie, its CSRF companion, and `Authorization`."""

from datetime import datetime

from fastapi import Request, Response

from identity_svc.sessions.authenticate import Credentials
from identity_svc.sessions.tokens import csrf_token

COOKIE = "leadwire_session"
CSRF_COOKIE = "leadwire_csrf"


def read_credentials(request: Request, method: str) -> Credentials:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return Credentials(
        bearer=bearer.strip() if scheme.lower() == "bearer" else None,
        cookie=request.cookies.get(COOKIE) or None,
        csrf=request.headers.get("x-csrf-token", ""),
        method=method,
    )


def set_cookies(request: Request, response: Response, token: str, expires_at: datetime) -> None:
    """The page may read the CSRF token, and never the session's."""
    secure = _is_https(request)
    response.set_cookie(COOKIE, token, expires=expires_at, path="/", secure=secure, httponly=True, samesite="strict")
    response.set_cookie(CSRF_COOKIE, csrf_token(token), expires=expires_at, path="/", secure=secure, samesite="strict")


def clear_cookies(request: Request, response: Response) -> None:
    secure = _is_https(request)
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    response.delete_cookie(CSRF_COOKIE, path="/", secure=secure, samesite="strict")


def _is_https(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
