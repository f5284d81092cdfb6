"""Rules are made, changed and deleted; what they said before is kept."""

from typing import Any

from asyncpg import Record
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import conflict, invalid, not_found

from notify_svc.rules import store
from notify_svc.rules.store import RuleContent
from notify_svc.templates.store import may_be_used
from notify_svc.webhook_events.store import find_named

FIELDS = ("name", "event_types", "filter", "recipients", "template_id", "endpoint_ids", "digest", "active")
# A built-in rule can be turned off, and say it in other words; whom it tells of what is the partner's to say.
FREE_IN_BUILT_IN = frozenset({"template_id", "active", "digest", "filter"})
FREE_RECIPIENTS = frozenset({"rul_alarm", "rul_campaign"})
_TOLD = frozenset({"recipients", "endpoint_ids"})


async def create_rule(work: UnitOfWork, content: RuleContent, by: str) -> Record:
    """Raises 422 for a template or an endpoint that there is not, and where nobody would be told."""
    _check_that_somebody_is_told(content)
    await _check_template(work, content)
    await _check_endpoints(work, content)
    return await store.insert(work, new_id("rul"), content, by)


async def change_rule(work: UnitOfWork, rule_id: str, changes: dict[str, Any], if_match: str | None, by: str) -> Record:
    """Raises 404, 409 for what is fixed in a built-in rule, 412, 422. Changing nothing makes no version."""
    row = await store.find_to_change(work, rule_id)
    if row is None:
        raise not_found()
    check_match(if_match, row["version"])
    current = {name: row[name] for name in FIELDS}
    wanted = current | changes
    changed = {name for name in FIELDS if wanted[name] != current[name]}
    if not changed:
        return row
    fixed = changed - FREE_IN_BUILT_IN - (_TOLD if rule_id in FREE_RECIPIENTS else frozenset[str]())
    if row["built_in"] and (fixed or (current["template_id"] is None and "template_id" in changed)):
        raise conflict("rule-built-in", "Of this built-in rule only some fields can be changed.")
    content = RuleContent(**wanted)
    if changed & _TOLD:
        _check_that_somebody_is_told(content)
    if "template_id" in changed or ("recipients" in changed and not row["built_in"]):
        await _check_template(work, content)
    if "endpoint_ids" in changed:
        await _check_endpoints(work, content)
    await store.keep_version(work, rule_id)
    return await store.update(work, rule_id, content, by)


async def delete_rule(work: UnitOfWork, rule_id: str) -> None:
    """Raises 404, 409 for a built-in one."""
    row = await store.find_to_change(work, rule_id)
    if row is None:
        raise not_found()
    if row["built_in"]:
        raise conflict("rule-built-in", "The rule is built in; it can be turned off, not deleted.")
    await store.keep_version(work, rule_id)
    await store.delete(work, rule_id)


def _check_that_somebody_is_told(content: RuleContent) -> None:
    if not content.recipients and not content.endpoint_ids:
        raise invalid("recipient-missing", "Name recipients, webhook endpoints, or both.", "/recipients")


async def _check_template(work: UnitOfWork, content: RuleContent) -> None:
    if content.template_id is None and not content.recipients:
        return
    if content.template_id is None or not await may_be_used(work, content.template_id):
        raise invalid("template-unknown", "There is no such template.", "/template_id")


async def _check_endpoints(work: UnitOfWork, content: RuleContent) -> None:
    known = await find_named(work, content.endpoint_ids)
    for place, endpoint_id in enumerate(content.endpoint_ids):
        if endpoint_id not in known:
            raise invalid("endpoint-unknown", "There is no such webhook endpoint.", f"/endpoint_ids/{place}")
