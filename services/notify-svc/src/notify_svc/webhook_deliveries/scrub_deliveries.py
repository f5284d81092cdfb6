"""Erasure (I2.27): what webhooks hold about a lead."""

from collections.abc import Sequence

from messaging.unit_of_work import UnitOfWork

from notify_svc.webhook_deliveries import store


async def scrub_deliveries(work: UnitOfWork, lead_ids: Sequence[str]) -> dict[str, int]:
    """Rows per table. What waits is cancelled, bodies and excerpts go, and nothing is made of later events.

    An attempt that is under way ends as it ends; its outcome is not recorded any more.
    """
    return await store.forget_leads(work, list(lead_ids))
