"""What callers ask for when they look for cases, and which columns they are shown first (V4.2, V4.3, V4.7)."""

from typing import Annotated

from pydantic import BaseModel, Field
from servicekit.csv_lines import Delimiter
from servicekit.http import Input

from validation_svc.cases.rules import State
from validation_svc.cases.shapes import LeadId
from validation_svc.listing.store import CaseFilters

Hours = Annotated[int, Field(ge=0, le=24 * 3660)]


class FilterQuery(Input):
    """Without `status`, everything but what was rejected or released. `partner_id` is for admins.

    Ages count from when the lead came in.
    """

    status: State | None = None
    project_id: LeadId | None = None
    attempts: int | None = Field(default=None, ge=0, le=1000)
    partner_id: LeadId | None = None
    older_than_hours: Hours | None = None
    younger_than_hours: Hours | None = None

    def filters(self, *, sees_all: bool) -> CaseFilters:
        return CaseFilters(
            sees_all=sees_all,
            status=self.status,
            project_id=self.project_id,
            attempts=self.attempts,
            partner_id=self.partner_id,
            older_than_hours=self.older_than_hours,
            younger_than_hours=self.younger_than_hours,
        )


class CaseQuery(FilterQuery):
    limit: int = Field(default=25, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)


class ExportQuery(FilterQuery):
    delimiter: Delimiter = "comma"


class Column(BaseModel):
    """`field` is a path into a case, e.g. `person.phone`."""

    field: str
    title: str
    default: bool


class View(BaseModel):
    """The columns that the caller may see of a lead, and which of them belong to the default view."""

    project_id: str | None
    call_centre_validation: bool
    columns: list[Column]
