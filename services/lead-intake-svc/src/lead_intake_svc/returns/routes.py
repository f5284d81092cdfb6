"""`/v1/returns` (I2.13, I2.23, I2.24)."""

from typing import Annotated

from asyncpg import Record
from fastapi import APIRouter, Query, Response
from lead_intake_svc.partners.store import find as find_partner
from lead_intake_svc.return_flags.set_flags import set_flags
from lead_intake_svc.returns import answer_return, store
from lead_intake_svc.returns.confirm_proposal import confirm_proposal, dismiss_proposal
from lead_intake_svc.returns.present import result, show
from lead_intake_svc.returns.request_return import Request, request_returns
from lead_intake_svc.returns.return_sale import return_sales
from lead_intake_svc.returns.rules import PARTNER, STAFF
from lead_intake_svc.returns.shapes import (
    Answer,
    Confirmation,
    Dispute,
    Flags,
    Kind,
    Return,
    ReturnResults,
    ReturnsWanted,
    State,
)
from lead_intake_svc.scope import Viewer, Writer, partners_of
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Cursor, Limit, Page, decode_cursor, page_of
from servicekit.problems import not_found

Text = Annotated[str | None, Query(max_length=100)]
_SUPERVISORS = ("admin", "supervisor")


def returns_router(database: Database) -> APIRouter:
    routes = router(prefix="/v1/returns", tags=["returns"])
    _add_requests(routes, database)
    _add_answers(routes, database)
    return routes


async def _shown(work: UnitOfWork, row: Record, own: str | None) -> Return:
    return show(row, own=own, comments=await _reads_comments(work, own))


async def _reads_comments(work: UnitOfWork, own: str | None) -> bool:
    partner = await find_partner(work, own) if own else None
    return partner is not None and partner["include_comments_with_return"]


def _add_requests(routes: APIRouter, database: Database) -> None:
    @routes.post("")
    async def request(caller: Writer, wanted: ReturnsWanted) -> ReturnResults:
        """Supervisors send leads back to who sold them; a buying partner sends back what it was sold."""
        own = partners_of(caller)
        asked = Request(wanted.reason, wanted.comment, caller.user_id)
        async with database.unit_of_work() as work:
            made = (
                await request_returns(work, wanted.lead_ids, asked)
                if own is None
                else await return_sales(work, wanted.lead_ids, own, asked)
            )
        pairs = zip(wanted.lead_ids, made, strict=True)
        return ReturnResults(results=[result(index, lead_id, each) for index, (lead_id, each) in enumerate(pairs)])

    @routes.get("")
    async def list_returns(  # noqa: PLR0913, PLR0917 -- each is a filter of the query
        viewer: Viewer,
        state: State | None = None,
        partner_id: Text = None,
        lead_id: Text = None,
        project_id: Text = None,
        kind: Kind | None = None,
        flag: Text = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Return]:
        """Newest first. Partners see their own, and no proposals."""
        own = partners_of(viewer)
        before = decode_cursor(cursor, str)
        wanted = store.Wanted(
            own=own,
            partner_id=partner_id,
            state=state,
            lead_id=lead_id,
            project_id=project_id,
            kind=kind,
            flag=flag if own is None else None,
            before=before[0] if before else None,
        )
        async with database.unit_of_work() as work:
            rows = await store.fetch_page(work, wanted, limit + 1)
            comments = await _reads_comments(work, own)
        return page_of(rows, limit, lambda row: show(row, own=own, comments=comments), lambda row: (row["id"],))

    @routes.get("/{return_id}")
    async def read(viewer: Viewer, return_id: str, response: Response) -> Return:
        own = partners_of(viewer)
        async with database.unit_of_work() as work:
            row = await store.find(work, return_id, own)
            if row is None or (own is not None and row["state"] in {"proposed", "dismissed"}):
                raise not_found()
            response.headers["ETag"] = etag(row["version"])
            return await _shown(work, row, own)

    @routes.post("/{return_id}/confirm")
    async def confirm(caller: Caller, return_id: str, wanted: Confirmation) -> Return:
        """Makes a proposal a request; the guards of a request hold."""
        caller.require(*_SUPERVISORS)
        async with database.unit_of_work() as work:
            return await _shown(work, await confirm_proposal(work, return_id, wanted, caller.user_id), None)

    @routes.post("/{return_id}/dismiss")
    async def dismiss(caller: Caller, return_id: str) -> Return:
        caller.require(*_SUPERVISORS)
        async with database.unit_of_work() as work:
            return await _shown(work, await dismiss_proposal(work, return_id, caller.user_id), None)

    @routes.put("/{return_id}/flags")
    async def flag_return(caller: Caller, return_id: str, wanted: Flags) -> Return:
        """Replaces the flags of an accepted return."""
        caller.require(*_SUPERVISORS)
        async with database.unit_of_work() as work:
            return await _shown(work, await set_flags(work, return_id, wanted.flags), None)


def _add_answers(routes: APIRouter, database: Database) -> None:
    @routes.post("/{return_id}/accept")
    async def accept(caller: Writer, return_id: str, wanted: Answer) -> Return:
        """By the partner that sold the lead, or by a supervisor; what a buyer sends back, by a supervisor."""
        own = partners_of(caller)
        async with database.unit_of_work() as work:
            row = await answer_return.take(work, return_id, own, "accept", PARTNER if own else STAFF)
            return await _shown(work, await answer_return.accept(work, row, wanted.answer, caller.user_id), own)

    @routes.post("/{return_id}/decline")
    async def decline(caller: Writer, return_id: str, wanted: Answer) -> Return:
        """As accepting; a disputed or escalated return is declined by a supervisor only."""
        own = partners_of(caller)
        async with database.unit_of_work() as work:
            row = await answer_return.take(work, return_id, own, "decline", PARTNER if own else STAFF)
            return await _shown(work, await answer_return.decline(work, row, wanted.answer, caller.user_id), own)

    @routes.post("/{return_id}/dispute")
    async def dispute(caller: Writer, return_id: str, wanted: Dispute) -> Return:
        """By who asked for the return, once, after it was declined."""
        own = partners_of(caller)
        async with database.unit_of_work() as work:
            row = await answer_return.take(work, return_id, own, "dispute", PARTNER if own else STAFF)
            return await _shown(work, await answer_return.dispute(work, row, wanted.comment, caller.user_id), own)
