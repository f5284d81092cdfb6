"""HTTP: sessions, and the gateway's question."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field
from servicekit.http import Db, Input, router
from servicekit.identity import HEADER, unauthenticated
from servicekit.own_transactions import own_transactions

from identity_svc.second_factor.inputs import EnrolmentOut, OwnPassword, ProofInput
from identity_svc.sessions import store
from identity_svc.sessions.authenticate import Authenticate
from identity_svc.sessions.cookies import clear_cookies, set_cookies
from identity_svc.sessions.credentials import address_of, client_of, read_credentials
from identity_svc.sessions.guard import COUNTED
from identity_svc.sessions.sign_in import Attempt, Session, SignIn
from identity_svc.sessions.tokens import hash_token
from identity_svc.users.inputs import UserOut, shape

SIGN_IN_PATH = "/v1/sessions"

sessions = router(tags=["sessions"])


class PasswordInput(Input):
    email: Annotated[str, Field(max_length=254)]
    password: OwnPassword


class SignInInput(PasswordInput, ProofInput):
    pass


class SessionOut(BaseModel):
    token: str
    expires_at: datetime
    user: UserOut


async def _sign_in(request: Request) -> SignIn:
    use_case: SignIn = request.app.state.sign_in
    return use_case


async def _authenticate(request: Request) -> Authenticate:
    use_case: Authenticate = request.app.state.authenticate
    return use_case


Authenticator = Annotated[Authenticate, Depends(_authenticate)]
Signing = Annotated[SignIn, Depends(_sign_in)]


@sessions.post(SIGN_IN_PATH, status_code=201)
@own_transactions(COUNTED)
async def post_session(body: SignInInput, sign_in: Signing, request: Request, response: Response) -> SessionOut:
    """401 `totp-required` after a right password asks for the same again with `totp` or `recovery_code`.

    `Idempotency-Key` is ignored here: a stored answer would hold a session's token.
    """
    attempt = Attempt(body.email, body.password.get_secret_value(), body.proof(), client_of(request))
    return hand_out(await sign_in(attempt), request, response)


@sessions.post(f"{SIGN_IN_PATH}/totp", status_code=201)
@own_transactions(COUNTED)
async def post_enrolment(body: PasswordInput, sign_in: Signing, request: Request) -> EnrolmentOut:
    """After 401 `totp-enrolment-required`: then sign in with the first code of the authenticator."""
    enrolment = await sign_in.enrol(body.email, body.password.get_secret_value(), address_of(request))
    return EnrolmentOut(secret=enrolment.secret, otpauth_uri=enrolment.uri)


def hand_out(session: Session, request: Request, response: Response) -> SessionOut:
    """A new session, as cookies and as a token."""
    set_cookies(request, response, session.token, session.expires_at)
    return SessionOut(token=session.token, expires_at=session.expires_at, user=shape(session.user))


@sessions.delete(f"{SIGN_IN_PATH}/current", status_code=204)
async def delete_current_session(request: Request, database: Db, authenticate: Authenticator) -> Response:
    credentials = read_credentials(request, request.method)
    if await authenticate(credentials) is None:
        raise unauthenticated()
    token = credentials.bearer or credentials.cookie or ""
    async with database.unit_of_work() as work:
        await store.delete(work, hash_token(token))
    authenticate.forget(token)
    # What pages have kept of it goes, too; cookies by themselves, since this would also take those of others.
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache", "storage"'})
    clear_cookies(request, response)
    return response


@sessions.get("/internal/authenticate", status_code=204, include_in_schema=False)
async def get_authentication(request: Request, authenticate: Authenticator) -> Response:
    """The gateway passes the original request's headers, with its method and URI in two more."""
    headers = request.headers
    if headers.get("x-original-uri", "").partition("?")[0].startswith(SIGN_IN_PATH):
        return Response(status_code=204)  # these routes look at the credentials themselves
    # Several of them: one is not the gateway's. Then it counts as a write.
    methods = headers.getlist("x-original-method")
    signed = await authenticate(read_credentials(request, methods[0] if len(methods) == 1 else ""))
    return Response(status_code=204, headers={} if signed is None else {HEADER: signed})
