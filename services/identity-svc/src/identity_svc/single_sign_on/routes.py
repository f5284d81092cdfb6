"""HTTP: single sign-on by an OpenID provider, where the installation has one."""

from html import escape
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from servicekit.http import Db, router
from servicekit.identity import Caller, allow
from servicekit.problems import not_found

from identity_svc.sessions.cookies import cookie_name, is_https, read_cookie, set_cookies
from identity_svc.sessions.credentials import client_of
from identity_svc.single_sign_on import store
from identity_svc.single_sign_on.provider import CALLBACK, PATH, sign_on_refused
from identity_svc.single_sign_on.sign_on import LIFETIME, Return, SignOn
from identity_svc.users import store as users

COOKIE = "leadwire_sign_on"

single_sign_on = router(tags=["sessions"])

ReturnTo = Annotated[str, Query(max_length=500, pattern=r"^/([^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?$")]
Opaque = Annotated[str, Query(max_length=4000)]


async def _sign_on(request: Request) -> SignOn:
    use_case: SignOn | None = request.app.state.sign_on
    if use_case is None:
        raise not_found()
    return use_case


SigningOn = Annotated[SignOn, Depends(_sign_on)]


@single_sign_on.get(PATH, status_code=302, response_class=RedirectResponse)
async def leave_for_provider(sign_on: SigningOn, request: Request, return_to: ReturnTo = "/") -> Response:
    """For a browser. `return_to` is a path of this site, where it goes on once it is signed in."""
    departure = await sign_on.depart(return_to, client_of(request).former)
    response = RedirectResponse(departure.url, 302)
    # Lax: it has to come along when the provider, another site, sends the browser back; a session's must not.
    response.set_cookie(
        cookie_name(request, COOKIE),
        departure.browser,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
    return response


@single_sign_on.get(CALLBACK, response_class=HTMLResponse)
async def come_back(
    sign_on: SigningOn, request: Request, state: Opaque = "", code: Opaque = "", iss: Opaque | None = None
) -> Response:
    """Where the provider sends the browser. Nobody is made a user here: who is none is refused."""
    browser = read_cookie(request, COOKIE)
    if not browser or not state:
        raise sign_on_refused("sign-on-unknown")
    session, return_to = await sign_on.come_back(Return(browser, state, code, iss, client_of(request)))
    # A redirect from here would still be the provider's navigation, without the new strict cookie. A page is ours.
    page = f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(return_to)}"><title>Signed in</title>'
    headers = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
    response = HTMLResponse(page, headers=headers)
    set_cookies(request, response, session.token, session.expires_at)
    response.delete_cookie(
        cookie_name(request, COOKIE), path="/", secure=is_https(request), httponly=True, samesite="lax"
    )
    return response


@single_sign_on.delete("/v1/users/{user_id}/sign-on", status_code=204)
async def reset_sign_on(user_id: str, caller: Caller, database: Db) -> Response:
    """For who is somebody else at the provider now: the next sign-on goes by the address again. Ends the user's
    sessions.
    """
    allow(caller, ("admin",))
    async with database.unit_of_work() as work:
        if await users.find(work, user_id) is None:
            raise not_found()
        await store.unbind(work, user_id)
        await users.end_sessions(work, user_id)
    return Response(status_code=204)
