"""`/v1/statistics`."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from messaging.database import Database
from servicekit.http import router
from servicekit.identity import Caller

from sponsor_svc.scope import statistics_scope_of
from sponsor_svc.statistics.live import LiveStatistics
from sponsor_svc.statistics.question import ask
from sponsor_svc.statistics.read_statistics import read_statistics
from sponsor_svc.statistics.shapes import LiveCounts, StatisticsFilter, StatisticsOut, StatisticsQuery
from sponsor_svc.statistics.stream import StatisticsStream, Watch

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`event: statistics` with these fields as its data, whenever one of them changes.",
        "content": {"text/event-stream": {"schema": LiveCounts.model_json_schema(mode="serialization")}},
    }
}


def routes(database: Database, live: LiveStatistics) -> APIRouter:
    statistics = router(prefix="/v1/statistics", tags=["statistics"])

    @statistics.get("")
    async def read(caller: Caller, query: Annotated[StatisticsQuery, Query()]) -> StatisticsOut:
        scope = statistics_scope_of(caller)
        async with database.unit_of_work(snapshot=True) as work:
            question = await ask(work, scope, query)
            return await read_statistics(work, question, query.by)

    @statistics.get("/stream", status_code=200, response_class=StatisticsStream, response_model=None, responses=STREAM)
    async def stream(
        caller: Caller,
        query: Annotated[StatisticsFilter, Query()],
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> StatisticsStream:
        scope = statistics_scope_of(caller)
        async with database.unit_of_work() as work:
            question = await ask(work, scope, query)
        return StatisticsStream(live, Watch(question, (caller.user_id,)), last_event_id)

    return statistics
