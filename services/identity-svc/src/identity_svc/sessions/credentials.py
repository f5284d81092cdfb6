"""What a request shows of who sends it: the session cookie with its CSRF token, or `Authorization`."""

from fastapi import Request
from servicekit.problems import forbidden

from identity_svc.sessions.authenticate import Credentials
from identity_svc.sessions.cookies import SESSION, read_cookie
from identity_svc.sessions.sign_in import Client
from identity_svc.sessions.tokens import PREFIX, hash_token


def read_credentials(request: Request, method: str) -> Credentials:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return Credentials(
        bearer=bearer.strip() if scheme.lower() == "bearer" else None,
        cookie=read_cookie(request, SESSION),
        csrf=request.headers.get("x-csrf-token", ""),
        method=method,
    )


def client_of(request: Request) -> Client:
    """Who signs in, and from where."""
    former = read_cookie(request, SESSION)
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
