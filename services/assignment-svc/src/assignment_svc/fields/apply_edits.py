"""Puts what agents corrected over what intake says, now and whenever intake says it again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.corrections import corrected
from messaging.unit_of_work import UnitOfWork

from assignment_svc.fields import store
from assignment_svc.leads.store import add_place, move_places, read_place_ids
from assignment_svc.leads.where import place_of
from assignment_svc.queue.hours import Place


async def apply_edits(work: UnitOfWork, lead_ids: Sequence[str]) -> None:
    """A corrected number may be elsewhere: its place, its place in the queue and its lock go with it."""
    if not lead_ids:
        return
    edited = await store.find_edited(work, lead_ids)
    place_ids = await read_place_ids(work) if edited else {}
    for row in edited:
        lead = corrected(dict(row), row["edits"])
        place_id = row["place_id"]
        if lead["phone"] != row["phone"] or lead["content"].get("address") != row["content"].get("address"):
            old = next(place for place, number in place_ids.items() if number == place_id)
            place = _moved(old, row["phone"], lead)
            place_id = place_ids.get(place) or await add_place(work, place)
            place_ids[place] = place_id
        await store.correct(work, row["lead_id"], lead, place_id)
        if lead["phone"] != row["phone"]:
            await store.move_lock(work, row["lead_id"], lead["phone"] or row["lead_id"])
    await move_places(work, [row["lead_id"] for row in edited])


def _moved(old: Place, old_phone: str | None, lead: Mapping[str, Any]) -> Place:
    country = old.country if lead["phone"] == old_phone else None
    new = place_of(lead["phone"], country, lead["content"].get("address"))
    return replace(old, country=new.country, region=new.region, zones=new.zones)
