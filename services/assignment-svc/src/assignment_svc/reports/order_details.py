"""What the Order Details report shows to whom (A1.6, A1.8 to A1.10)."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from asyncpg import Record
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from servicekit.identity import Identity

from assignment_svc.conditions import Conditions
from assignment_svc.orders.shapes import Money, OrderItem
from assignment_svc.reports import store
from assignment_svc.scope import sight_of
from assignment_svc.work_items.item import State

_PORTION: Final = 1000
Text = Annotated[str | None, Field(max_length=100)]


class OrderFilters(BaseModel):
    """What is left out filters nothing; `from` is inclusive, `to` exclusive, both of when the lead was received."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    status: Literal["partial", "completed"] | None = None
    state: State | None = None
    project_id: Text = None
    agent_id: Text = None
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None
    show_leads_agent: bool = False


class LeadsAgent(BaseModel):
    id: str
    name: str | None


class PersonShown(BaseModel):
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None


class OrderDetail(BaseModel):
    """`leads_agent` is only there when it was asked for."""

    order_id: str
    number: str
    status: str
    items: list[OrderItem]
    total: Money | None
    created_at: datetime
    changed_at: datetime
    lead_id: str
    state: str
    project_id: str
    project_name: str | None
    received_at: datetime
    person: PersonShown
    leads_agent: LeadsAgent | None = None


HEADER: Final = (
    *("order_number", "status", "items", "total_minor", "currency", "created_at", "changed_at", "lead_id", "state"),
    *("project", "received_at", "first_name", "last_name", "phone", "email"),
)


async def read_page(
    work: UnitOfWork, caller: Identity, wanted: OrderFilters, past: tuple[Any, ...] | None, limit: int
) -> list[Record]:
    """Rows behind the key `past` (lead and order), of what the caller may see."""
    where = Conditions()
    where.add_given("o.status = ?", wanted.status)
    where.add_given("w.state = ?", wanted.state)
    where.add_given("o.project_id = ?", wanted.project_id)
    where.add_given("w.agent_id = ?", wanted.agent_id)
    where.add_given("l.received_at >= ?", wanted.from_)
    where.add_given("l.received_at < ?", wanted.to)
    if past is not None:
        where.add("(o.lead_id, o.order_id) < (?, ?)", *past)
    sight = await sight_of(work, caller)
    sight.narrow(where)
    sight.narrow_orders(where)
    return await store.read_order_details(work, where, limit)


async def portions(
    database: Database, caller: Identity, wanted: OrderFilters
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """The whole report. Each portion has a snapshot of its own: an old one would make every claim slower."""
    past: tuple[Any, ...] | None = None
    while True:
        async with database.unit_of_work() as work:
            rows = await read_page(work, caller, wanted, past, _PORTION)
        yield [_line(row, with_agent=wanted.show_leads_agent) for row in rows]
        if len(rows) < _PORTION:
            return
        past = (rows[-1]["lead_id"], rows[-1]["order_id"])


def header(wanted: OrderFilters) -> Sequence[str]:
    return (*HEADER, "leads_agent") if wanted.show_leads_agent else HEADER


def detail(row: Record, *, with_agent: bool) -> OrderDetail:
    plain = ("order_id", "number", "status", "items", "total", "created_at", "changed_at", "lead_id", "state")
    about = ("project_id", "project_name", "received_at")
    person = {name: row[name] for name in PersonShown.model_fields}
    agent = {"id": row["agent_id"], "name": row["agent_name"]} if with_agent and row["agent_id"] else None
    fields = {name: row[name] for name in (*plain, *about)}
    return OrderDetail.model_validate({**fields, "person": person, "leads_agent": agent})


def _line(row: Record, *, with_agent: bool) -> list[Any]:
    total = row["total"] or {}
    items = "; ".join(f"{item['quantity']} x {item['product_code']}" for item in row["items"])
    line = [
        *(row["number"], row["status"], items, total.get("amount_minor"), total.get("currency")),
        *(row["created_at"].isoformat(), row["changed_at"].isoformat(), row["lead_id"], row["state"]),
        *(row["project_name"] or row["project_id"], row["received_at"].isoformat()),
        *(row["first_name"], row["last_name"], row["phone"], row["email"]),
    ]
    return [*line, row["agent_name"] or row["agent_id"]] if with_agent else line
