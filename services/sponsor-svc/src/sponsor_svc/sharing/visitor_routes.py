"""`/v1/shared-statistics`: for whoever has a link. Tokens, passwords and tickets never are in an address."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from messaging.database import Database
from messaging.sight import EVERYTHING, Sight, see, seeing
from servicekit.http import router
from servicekit.own_transactions import own_transactions

from sponsor_svc.sharing.link import Visit
from sponsor_svc.sharing.open_link import OpenLink, visit_of
from sponsor_svc.sharing.shapes import Opened, Opening, SharedFilter, SharedQuery
from sponsor_svc.statistics.live import LiveStatistics
from sponsor_svc.statistics.question import Question, period_of
from sponsor_svc.statistics.read_statistics import read_statistics
from sponsor_svc.statistics.routes import STREAM
from sponsor_svc.statistics.shapes import StatisticsOut
from sponsor_svc.statistics.store import Slice
from sponsor_svc.statistics.stream import StatisticsStream, Watch

Ticket = Annotated[str | None, Header(alias="Leadwire-Ticket", max_length=100)]


def routes(open_link: OpenLink, live: LiveStatistics) -> APIRouter:
    shared = router(prefix="/v1/shared-statistics", tags=["statistics"])

    @shared.post("", status_code=201)
    @own_transactions("a wrong password is counted although the request fails; a kept answer would hold a ticket")
    async def open_statistics(body: Opening, response: Response) -> Opened:
        password = body.password.get_secret_value() if body.password else None
        with seeing(EVERYTHING):  # the token says which link it is
            ticket, visit = await open_link(body.token.get_secret_value(), password)
        response.headers["Cache-Control"] = "no-store"
        return Opened(
            ticket=ticket,
            expires_at=visit.expires_at,
            sponsor_name=visit.sponsor_name,
            project_name=visit.project_name,
        )

    @shared.get("")
    async def read(query: Annotated[SharedQuery, Query()], ticket: Ticket = None) -> StatisticsOut:
        visit = await _admitted(open_link.database, ticket)
        async with open_link.database.unit_of_work(snapshot=True) as work:
            return await read_statistics(work, _question(visit, query), query.by)

    @shared.get("/stream", status_code=200, response_class=StatisticsStream, response_model=None, responses=STREAM)
    async def stream(
        query: Annotated[SharedFilter, Query()],
        ticket: Ticket = None,
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> StatisticsStream:
        visit = await _admitted(open_link.database, ticket)
        left = (visit.expires_at - datetime.now(UTC)).total_seconds()
        watch = Watch(_question(visit, query), (visit.link_id, visit.made_by), max(left, 0.0))
        return StatisticsStream(live, watch, last_event_id)

    return shared


async def _admitted(database: Database, ticket: str | None) -> Visit:
    """From here on the request sees the rows of the link's sponsor. Raises 401."""
    with seeing(EVERYTHING):
        async with database.unit_of_work() as work:
            visit = await visit_of(work, ticket)
    see(Sight(sponsor_ids=frozenset({visit.sponsor_id})))
    return visit


def _question(visit: Visit, query: SharedFilter) -> Question:
    """Raises 422."""
    since, until = period_of(query.from_, query.to)
    sponsors = (visit.sponsor_id,)
    if visit.project_id is not None:
        return Question(Slice("project", (visit.project_id,), sponsors), since, until)
    return Question(Slice("sponsor", sponsors, sponsors), since, until)
