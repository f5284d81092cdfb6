"""Makes a link to the statistics of a sponsor, or of one of its projects."""

from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.events.sponsor import StatisticsLinkCreatedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.identity import Identity
from servicekit.problems import invalid

from sponsor_svc.contact_lists.ownership import sponsor_of_new
from sponsor_svc.scope import Scope
from sponsor_svc.sharing import store
from sponsor_svc.sharing.link import LONGEST, TOKEN_PREFIX, Link, hash_of, new_secret
from sponsor_svc.sharing.shapes import NewLink
from sponsor_svc.sharing.told import told
from sponsor_svc.sponsors import store as sponsors


@dataclass(frozen=True, slots=True)
class CreateLink:
    wanted: NewLink
    password_hash: str | None
    caller: Identity
    scope: Scope


async def create_link(work: UnitOfWork, command: CreateLink) -> tuple[Link, str]:
    """The link and its token, of which only a hash is kept. Raises 422."""
    wanted = command.wanted
    sponsor_id = await _sponsor_of(work, wanted.sponsor_id, command.scope)
    if wanted.project_id is not None and not await store.project_is_of(work, wanted.project_id, sponsor_id):
        raise invalid("project-unknown", "The sponsor has no such project.", "/project_id")
    now = datetime.now(UTC)
    if not now < wanted.expires_at <= now + LONGEST:
        raise invalid("expiry-invalid", "A link ends in the future, within 366 days.", "/expires_at")
    token = new_secret(TOKEN_PREFIX)
    row = store.NewRow(
        id=new_id("lnk"),
        token_hash=hash_of(token),
        name=wanted.name,
        sponsor_id=sponsor_id,
        project_id=wanted.project_id,
        password_hash=command.password_hash,
        expires_at=wanted.expires_at,
        made_by=command.caller.user_id,
        of_account=command.scope.sponsor_ids is not None,
    )
    link = await store.insert(work, row)
    work.publish(told(link, StatisticsLinkCreatedV1, command.caller.user_id), sequence=1)
    return link, token


async def _sponsor_of(work: UnitOfWork, asked: str | None, scope: Scope) -> str:
    sponsor_id = sponsor_of_new(asked, scope.sponsor_ids)
    if sponsor_id is None:
        raise invalid("sponsor-required", "Say whose statistics.", "/sponsor_id")
    if await sponsors.find(work, sponsor_id, scope) is None:
        raise invalid("sponsor-unknown", "There is no such sponsor.", "/sponsor_id")
    return sponsor_id
