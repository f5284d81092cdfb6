"""From a query and its caller to the rows that answer it."""

from dataclasses import dataclass
from datetime import datetime

from messaging.unit_of_work import UnitOfWork
from servicekit.problems import invalid, not_found

from sponsor_svc.contact_lists import store as contact_lists
from sponsor_svc.names import key_of
from sponsor_svc.products import store as products
from sponsor_svc.projects import store as projects
from sponsor_svc.scope import Scope
from sponsor_svc.sponsors import store as sponsors
from sponsor_svc.statistics.periods import BEGINNING, END
from sponsor_svc.statistics.shapes import StatisticsFilter
from sponsor_svc.statistics.store import Slice

_ENTITIES = ("project", "contact_list", "product", "partner", "agent")


@dataclass(frozen=True, slots=True)
class Question:
    rows: Slice
    since: datetime
    until: datetime


async def ask(work: UnitOfWork, scope: Scope, query: StatisticsFilter) -> Question:
    """Raises 404 for what does not exist or is not the caller's, and 422 for a question that makes no sense."""
    since, until = period_of(query.from_, query.to)
    if query.sponsor_id is not None and await sponsors.find(work, query.sponsor_id, scope) is None:
        raise not_found()
    of_sponsors = scope.sponsor_ids if query.sponsor_id is None else (query.sponsor_id,)
    return Question(await _rows(work, scope, query, of_sponsors), since, until)


def period_of(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """All the time, where nothing is said. Raises 422."""
    since, until = since or BEGINNING, until or END
    if not BEGINNING <= since < until <= END:
        raise invalid("period-invalid", "The period must begin before it ends.", "?from")
    return since, until


async def _rows(work: UnitOfWork, scope: Scope, query: StatisticsFilter, sponsor_ids: tuple[str, ...] | None) -> Slice:
    wanted = [(entity, getattr(query, f"{entity}_id")) for entity in _ENTITIES if getattr(query, f"{entity}_id")]
    if len(wanted) > 1:
        raise invalid("one-entity-at-a-time", "Ask for one of project, contact list, product, partner and agent.")
    if not wanted:
        return Slice("sponsor", sponsor_ids, sponsor_ids) if sponsor_ids else Slice("all", ("",), ("",))
    ((entity, entity_id),) = wanted
    if entity == "product":
        return Slice("product", (await _code_of(work, scope, entity_id),), sponsor_ids)
    if not await _visible(work, scope, entity, entity_id):
        raise not_found()
    return Slice(entity, (entity_id,), sponsor_ids)


async def _code_of(work: UnitOfWork, scope: Scope, product_id: str) -> str:
    """Orders name products by their codes."""
    product = await products.find(work, product_id, scope)
    if product is None:
        raise not_found()
    return key_of(product.code)


async def _visible(work: UnitOfWork, scope: Scope, entity: str, entity_id: str) -> bool:
    """Partners and agents are not known here; sponsors do not learn who they are."""
    match entity:
        case "project":
            return await projects.find(work, entity_id, scope) is not None
        case "contact_list":
            return await contact_lists.find(work, entity_id, scope) is not None
        case _:
            return scope.sponsor_ids is None
