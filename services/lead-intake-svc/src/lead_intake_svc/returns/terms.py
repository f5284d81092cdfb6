"""A partner's row as the terms that the rules look at."""

from datetime import timedelta

from asyncpg import Record
from lead_intake_svc.returns.rules import PURCHASE, Goods, Terms


def terms_of(partner: Record, kind: str) -> Terms:
    """A seller who was made passive still takes back what it sold."""
    return Terms(
        may_trade=partner["sells_leads"] if kind == PURCHASE else partner["buys_leads"],
        reasons=frozenset(partner["return_reasons"]),
        window=timedelta(days=partner["return_window_days"]),
        answer_within=timedelta(days=partner["return_answer_days"]),
        on_no_answer=partner["return_on_no_answer"],
        rate=partner["max_return_rate"],
        rate_window=timedelta(days=partner["return_rate_days"]),
        rate_blocks=partner["return_rate_action"] == "block",
    )


def goods_of(lead: Record) -> Goods:
    return Goods(
        since=lead["received_at"],
        intake_status=lead["status"],
        own_state=lead["own_state"],
        work_state=lead["work_state"],
    )
