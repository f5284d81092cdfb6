"""Where tokens travel: the session cookie, its CSRF companion, and `Authorization`."""

from datetime import datetime

from fastapi import Request, Response
from servicekit.problems import forbidden

from identity_svc.sessions.authenticate import Credentials
from identity_svc.sessions.sign_in import Client
from identity_svc.sessions.tokens import PREFIX, csrf_token, hash_token

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


def client_of(request: Request) -> Client:
    """Who signs in, and from where."""
    former = request.cookies.get(COOKIE)
    return Client(address_of(request), user_agent_of(request), hash_token(former) if former else None)


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def user_agent_of(request: Request) -> str:
    """What a person may know a session by."""
    return "".join(filter(str.isprintable, request.headers.get("user-agent", "")))[:200]


def require_session(request: Request) -> bytes:
    """The hash of the caller's session. Raises 403 for a program: what people do for themselves is not for tokens."""
    credentials = read_credentials(request, request.method)
    token = credentials.cookie if credentials.bearer is None else credentials.bearer
    if token is None or not token.startswith(PREFIX):
        raise forbidden("session-needed", "Only a person who has signed in may do this.")
    return hash_token(token)


def set_cookies(request: Request, response: Response, token: str, expires_at: datetime) -> None:
    """The page may read the CSRF token, and never the session's."""
    secure = is_https(request)
    response.set_cookie(COOKIE, token, expires=expires_at, path="/", secure=secure, httponly=True, samesite="strict")
    response.set_cookie(CSRF_COOKIE, csrf_token(token), expires=expires_at, path="/", secure=secure, samesite="strict")


def clear_cookies(request: Request, response: Response) -> None:
    secure = is_https(request)
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
    response.delete_cookie(CSRF_COOKIE, path="/", secure=secure, samesite="strict")


def is_https(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
