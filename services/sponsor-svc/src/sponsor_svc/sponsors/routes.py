"""`/v1/sponsors`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, page_of
from servicekit.problems import not_found

from sponsor_svc.scope import scope_of
from sponsor_svc.shapes import Named, id_before
from sponsor_svc.sponsors import store
from sponsor_svc.sponsors.change_sponsor import change_sponsor
from sponsor_svc.sponsors.create_sponsor import create_sponsor
from sponsor_svc.sponsors.shapes import NewSponsor, SponsorOut, SponsorPatch, SponsorQuery, shown
from sponsor_svc.sponsors.sponsor import Sponsor


def routes(database: Database) -> APIRouter:
    sponsors = router(prefix="/v1/sponsors", tags=["sponsors"])

    @sponsors.post("", status_code=201)
    async def create(caller: Caller, body: NewSponsor, response: Response) -> SponsorOut:
        allow(caller, {"admin"})
        async with database.unit_of_work() as work:
            sponsor = await create_sponsor(work, body.name, body.code, body.contact)
            answer = await _answer(work, sponsor, response)
        response.headers["Location"] = f"/v1/sponsors/{sponsor.id}"
        return answer

    @sponsors.get("")
    async def list_sponsors(caller: Caller, query: Annotated[SponsorQuery, Query()]) -> Page[SponsorOut | Named]:
        scope = scope_of(caller)
        before = id_before(query.cursor)
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, query.status, before, query.limit + 1)
            counts = {} if scope.names_only else await store.count_attached(work, [row.id for row in rows])

        def shape(sponsor: Sponsor) -> SponsorOut | Named:
            named = Named(id=sponsor.id, name=sponsor.name)
            return named if scope.names_only else shown(sponsor, counts[sponsor.id])

        return page_of(rows, query.limit, shape, lambda sponsor: (sponsor.id,))

    @sponsors.get("/{sponsor_id}")
    async def read(caller: Caller, sponsor_id: str, response: Response) -> SponsorOut | Named:
        scope = scope_of(caller)
        async with database.unit_of_work() as work:
            sponsor = await store.find(work, sponsor_id, scope)
            if sponsor is None:
                raise not_found()
            if scope.names_only:
                return Named(id=sponsor.id, name=sponsor.name)
            return await _answer(work, sponsor, response)

    @sponsors.patch("/{sponsor_id}")
    async def change(
        caller: Caller, sponsor_id: str, body: SponsorPatch, response: Response, if_match: IfMatch = None
    ) -> SponsorOut:
        allow(caller, {"admin"})
        async with database.unit_of_work() as work:
            sponsor = await change_sponsor(work, sponsor_id, body.sent(), if_match)
            return await _answer(work, sponsor, response)

    return sponsors


async def _answer(work: UnitOfWork, sponsor: Sponsor, response: Response) -> SponsorOut:
    counts = await store.count_attached(work, [sponsor.id])
    response.headers["ETag"] = etag(sponsor.version)
    return shown(sponsor, counts[sponsor.id])
