"""Makes a template, or a new version of one; what is stored can be rendered."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import check_match
from servicekit.problems import DomainError, FieldError, Kind, conflict, invalid, not_found

from notify_svc.templates import store
from notify_svc.templates.rendering import Rendered, Template, TemplateUnrenderable
from notify_svc.templates.store import TemplateContent

FIELDS = ("name", "subject", "text", "html", "sample", "after_lost_reply")


async def create_template(work: UnitOfWork, content: TemplateContent, by: str) -> Record:
    """Raises 422."""
    check(content)
    key = new_id("tpl")
    await store.insert(work, key, content, by)
    return await store.read(work, key)


async def change_template(
    work: UnitOfWork, key: str, changes: Mapping[str, Any], if_match: str | None, by: str
) -> Record:
    """The versions before stay as they are. Raises 404, 412, 422. Changing nothing makes no version."""
    row = await store.find_to_change(work, key)
    if row is None:
        raise not_found()
    check_match(if_match, row["version"])
    current = {name: row[name] for name in FIELDS}
    wanted: dict[str, Any] = current | {name: stored(value) for name, value in changes.items()}
    if wanted == current:
        return row
    content = TemplateContent(**wanted)
    check(content)
    await store.add_version(work, key, row["version"] + 1, content, by)
    return await store.read(work, key)


async def delete_template(work: UnitOfWork, key: str) -> None:
    """Mails keep the versions that they remember. Raises 404, or 409 naming the uses (N2.12)."""
    row = await store.find_to_change(work, key)
    if row is None:
        raise not_found()
    if row["built_in"]:
        raise conflict("template-built-in", "The template comes with the system; it can be changed, not deleted.")
    uses = await store.read_uses(work, key)
    if uses:
        raise DomainError(
            Kind.CONFLICT,
            "template-in-use",
            f"The template is used in {len(uses)} place(s), which are named here.",
            extra={"uses": [dict(use) for use in uses]},
        )
    await store.delete(work, key)


def stored(value: Any) -> Any:
    """A part that there is not is stored as an empty one."""
    return "" if value is None else value


def check(content: TemplateContent) -> None:
    """Raises 422 for what cannot be read, or not be rendered with the sample data that come with it."""
    if not content.html and not content.text:
        raise invalid("template-empty", "A template has HTML or text, or both.", "/html")
    if content.sample:
        render(content, content.sample)
    else:
        _parsed(content)


def render(content: TemplateContent, variables: dict[str, Any]) -> Rendered:
    """Raises 422."""
    template = _parsed(content)
    try:
        return template.render(variables)
    except TemplateUnrenderable as error:
        raise _refused(error) from None


def _parsed(content: TemplateContent) -> Template:
    try:
        return Template(content.subject, content.text, content.html)
    except TemplateUnrenderable as error:
        raise _refused(error) from None


def _refused(error: TemplateUnrenderable) -> DomainError:
    detail = f"The {error.part} cannot be rendered: {error.problem}."
    return DomainError(
        Kind.INVALID, "template-unrenderable", detail, [FieldError(f"/{error.part}", "template-unrenderable", detail)]
    )
