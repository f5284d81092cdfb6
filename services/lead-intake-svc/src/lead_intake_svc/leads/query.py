"""The filters of the list and of the export, as they are asked for.

Whom a lead is of is asked for in a body only: addresses stand in logs, histories and what proxies keep.
"""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from lead_intake_svc.leads.filters import Filters
from pydantic import AwareDatetime, Field
from servicekit.http import Input
from servicekit.http_input import refuse_in_address

Text = Annotated[str | None, Query(max_length=300)]


def _filters(  # noqa: PLR0913, PLR0917 -- each is a filter of the query
    request: Request,
    status: Text = None,
    project_id: Text = None,
    sponsor_id: Text = None,
    partner_id: Text = None,
    external_id: Text = None,
    received_from: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    received_to: Annotated[AwareDatetime | None, Query(alias="to")] = None,
) -> Filters:
    """`from` inclusive, `to` exclusive."""
    refuse_in_address(request, "phone", "email", instead="POST /v1/leads/search")
    return Filters(
        status=status,
        project_id=project_id,
        sponsor_id=sponsor_id,
        partner_id=partner_id,
        external_id=external_id,
        received_from=received_from,
        received_to=received_to,
    )


FiltersAsked = Annotated[Filters, Depends(_filters)]
Wanted = Annotated[str | None, Field(max_length=300)]


class Search(Input):
    """The same filters, and a person's number or e-mail address. `cursor` and `limit` as in lists."""

    status: Wanted = None
    project_id: Wanted = None
    sponsor_id: Wanted = None
    partner_id: Wanted = None
    external_id: Wanted = None
    phone: Wanted = None
    email: Wanted = None
    received_from: AwareDatetime | None = Field(default=None, alias="from")
    received_to: AwareDatetime | None = Field(default=None, alias="to")
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str | None, Field(max_length=500)] = None

    def filters(self) -> Filters:
        asked: dict[str, Any] = self.model_dump(exclude={"limit", "cursor"})
        asked["email"] = self.email.lower() if self.email else None
        return Filters(**asked)
