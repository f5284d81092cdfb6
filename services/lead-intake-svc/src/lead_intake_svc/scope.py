"""Who may see which rows: the one place that decides, for lists, single reads and timelines alike."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from servicekit.identity import Identity, current_identity, see_as
from servicekit.problems import forbidden

from lead_intake_svc.keys.authenticate import READ, WRITE, Authenticator


@dataclass(frozen=True, slots=True)
class Scope:
    """`column` of leads must be one of `values`; without a column every row is visible. `column` is a constant of ours.

    `staff` sees what is said inside the call centre: notes, comments, recipients, who did it.
    """

    column: str | None
    values: tuple[str, ...]
    staff: bool


TEST_ONLY = "leads.test"
EVERYTHING = Scope(None, (), staff=True)


def of_partner(partner_id: str) -> Scope:
    return Scope("l.partner_id", (partner_id,), staff=False)


def lists_of(identity: Identity, page: str = "leads") -> Scope:
    """Raises 403 for those who work leads one at a time, and for sponsor accounts that may not open the page."""
    if identity.is_supervisor:
        return EVERYTHING
    if identity.access_level == "partner" and identity.partner_id:
        return of_partner(identity.partner_id)
    return Scope("l.sponsor_id", identity.sponsors_on(page), staff=False)


def single_of(identity: Identity) -> Scope:
    """A leads agent sees the leads that are assigned to them now, and no lists."""
    if identity.access_level == "leads_agent":
        return Scope("p.work_agent_id", (identity.user_id,), staff=True)
    return lists_of(identity)


def partners_of(identity: Identity) -> str | None:
    """The one partner that the caller may see; None for all. Raises 403."""
    if identity.is_supervisor:
        return None
    if identity.access_level == "partner" and identity.partner_id:
        return identity.partner_id
    raise forbidden()


async def _viewer(request: Request) -> Identity:
    """A signed-in person, or a partner key with the reading scope."""
    return await _caller(request, READ)


async def _writer(request: Request) -> Identity:
    """A signed-in person, or a partner key with the writing scope; a test key has the permission `leads.test`."""
    return await _caller(request, WRITE)


async def _caller(request: Request, scope: str) -> Identity:
    if request.headers.get("authorization", "").startswith("Bearer lw_"):
        authenticator: Authenticator = request.app.state.authenticator
        key = await authenticator.holder(request, scope)
        permissions = frozenset({TEST_ONLY} if key.test else ())
        caller = Identity(f"key_{key.id}", "partner", permissions, partner_id=key.partner_id)
        see_as(request, caller)
        return caller
    return current_identity(request)


Viewer = Annotated[Identity, Depends(_viewer)]
Writer = Annotated[Identity, Depends(_writer)]
