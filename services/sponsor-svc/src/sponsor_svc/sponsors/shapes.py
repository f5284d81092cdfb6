"""Bodies and answers of `/v1/sponsors`."""

from typing import Literal

from pydantic import BaseModel
from servicekit.http import Input, Patch

from sponsor_svc.names import Code, Name, Text
from sponsor_svc.shapes import PageQuery, Stored
from sponsor_svc.sponsors.sponsor import Counts, Sponsor

Status = Literal["active", "archived"]


class NewSponsor(Input):
    name: Name
    code: Code | None = None
    contact: Text | None = None


class SponsorPatch(Patch):
    name: Name = ""
    code: Code | None = None
    contact: Text | None = None
    status: Status = "active"


class SponsorQuery(PageQuery):
    status: Status | None = None


class CountsOut(BaseModel):
    contact_lists: int
    projects: int
    products: int


class SponsorOut(Stored):
    name: str
    code: str | None
    contact: str | None
    status: Status
    counts: CountsOut


def shown(sponsor: Sponsor, counts: Counts) -> SponsorOut:
    return SponsorOut.model_validate({**vars(sponsor), "counts": vars(counts)})
