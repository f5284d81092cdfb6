from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.events.sponsor import SponsorArchivedV1, SponsorChangedV1
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found

from sponsor_svc.sponsors import store
from sponsor_svc.sponsors.sponsor import Sponsor, told


async def change_sponsor(
    work: UnitOfWork, sponsor_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Sponsor:
    """Raises 404, 412 when `if_match` is stale, and 409 when the name is taken. Changing nothing makes no version."""
    if changes.get("status") == "active":
        await store.own_the_rule(work)
    current = await store.find_to_change(work, sponsor_id)
    if current is None:
        raise not_found()
    check_match(if_match, current.version)
    wanted = replace(current, **changes)
    if wanted == current:
        return current
    changed = await store.update(work, wanted)
    archived = current.active and not changed.active
    event = told(changed, SponsorArchivedV1) if archived else told(changed, SponsorChangedV1)
    work.publish(event, sequence=changed.version)
    return changed
