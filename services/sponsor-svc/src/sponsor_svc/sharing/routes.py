"""`/v1/statistics-links`: for admins, and for sponsor accounts with the page `statistics` (S0.13)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Page, page_of
from servicekit.passwords import Passwords
from servicekit.problems import not_found

from sponsor_svc.scope import may_share_of
from sponsor_svc.shapes import id_before
from sponsor_svc.sharing import store
from sponsor_svc.sharing.create_link import CreateLink, create_link
from sponsor_svc.sharing.revoke_link import revoke_link
from sponsor_svc.sharing.shapes import LinkOut, LinkQuery, LinkWithToken, NewLink, shown, without_token


def routes(database: Database) -> APIRouter:
    links = router(prefix="/v1/statistics-links", tags=["statistics"])
    passwords = Passwords()

    @links.post("", status_code=201)
    async def create(caller: Caller, body: NewLink, response: Response) -> LinkWithToken:
        scope = may_share_of(caller)
        hashed = await passwords.hash(body.password.get_secret_value()) if body.password else None
        async with database.unit_of_work() as work:
            link, token = await create_link(work, CreateLink(body, hashed, caller, scope))
        response.headers["Location"] = f"/v1/statistics-links/{link.id}"
        return LinkWithToken(**shown(link).model_dump(), token=token)

    create.answer_to_keep = without_token  # pyright: ignore[reportFunctionMemberAccess] -- read by servicekit's route

    @links.get("")
    async def list_links(caller: Caller, query: Annotated[LinkQuery, Query()]) -> Page[LinkOut]:
        scope = may_share_of(caller)
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, query.sponsor_id, id_before(query.cursor), query.limit + 1)
        return page_of(rows, query.limit, shown, lambda link: (link.id,))

    @links.get("/{link_id}")
    async def read(caller: Caller, link_id: str) -> LinkOut:
        scope = may_share_of(caller)
        async with database.unit_of_work() as work:
            link = await store.find(work, link_id, scope)
        if link is None:
            raise not_found()
        return shown(link)

    @links.delete("/{link_id}", status_code=204)
    async def revoke(caller: Caller, link_id: str) -> Response:
        scope = may_share_of(caller)
        async with database.unit_of_work() as work:
            await revoke_link(work, link_id, scope, caller.user_id)
        return Response(status_code=204)

    return links
