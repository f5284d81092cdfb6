from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import not_found

from sponsor_svc.accounts import store
from sponsor_svc.accounts.account import Account
from sponsor_svc.accounts.grant import check_sponsors, tell


@dataclass(frozen=True, slots=True)
class ChangeAccount:
    user_id: str
    changes: Mapping[str, Any]
    if_match: str | None
    actor: str


async def change_account(work: UnitOfWork, command: ChangeAccount) -> Account:
    """Raises 404, 412, and 422 for unknown sponsors. Changing nothing makes no version."""
    feature = await store.read_feature(work, shared=True)
    current = await store.find(work, command.user_id, to_change=True)
    if current is None:
        raise not_found()
    check_match(command.if_match, current.version)
    wanted = replace(current, **command.changes)
    if wanted == current:
        return current
    await check_sponsors(work, list(wanted.sponsor_ids))
    changed = await store.update(work, wanted)
    await tell(work, changed, feature, command.actor)
    return changed
