"""Bodies and answers of `/v1/projects`. The settings look the same going in and coming out."""

from typing import Annotated, Literal

from msgspec import to_builtins
from pydantic import Field, StringConstraints, TypeAdapter, field_validator, model_validator
from pydantic_core import SchemaError
from servicekit.http import Input, Patch

from sponsor_svc.names import EntityId, Name
from sponsor_svc.projects.project import Project
from sponsor_svc.projects.regions import Region
from sponsor_svc.shapes import Named, PageQuery, Stored

Kind = Literal["outbound", "inbound"]
State = Literal["available", "active", "passive"]
AfterValidation = Literal["queue", "deliver", "both"]
Check = Literal[
    "required_fields",
    "phone",
    "phone_type",
    "email",
    "email_mx",
    "names",
    "consent",
    "country",
    "postcode",
    "suppression",
]
Level = Literal["warn", "quarantine", "reject"]
FieldPath = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[A-Za-z0-9_-]{1,60})?$", max_length=100)]
Checks = dict[Check, Literal["off", "warn", "quarantine", "reject"]]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Annotated[int, Field(ge=1, le=7, strict=True)]
Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 30, strict=True)]


class CallingHours(Input):
    """`from`, `until` (in the lead's zone) and `days` (1 is Monday) belong to `custom`; without `days`, every day."""

    mode: Literal["statutory", "custom", "always"] = "statutory"
    from_: TimeOfDay | None = Field(default=None, alias="from")
    until: TimeOfDay | None = None
    days: list[Weekday] | None = Field(default=None, min_length=1, max_length=7)

    @field_validator("days")
    @classmethod
    def _each_once(cls, days: list[int] | None) -> list[int] | None:
        if days is not None and len(set(days)) < len(days):
            raise ValueError("A day is there twice.")
        return sorted(days) if days is not None else None

    @model_validator(mode="after")
    def _fit_together(self) -> "CallingHours":
        if self.mode != "custom":
            if self.from_ or self.until or self.days:
                raise ValueError("Only the mode custom has from, until and days.")
        elif self.from_ is None or self.until is None:
            raise ValueError("The mode custom needs from and until.")
        elif self.from_ >= self.until:
            raise ValueError("The hours must begin before they end.")
        return self


QueueRule = Literal[
    "cool_down_minutes",
    "max_attempts",
    "max_age_hours",
    "order",
    "use_partner_priority",
    "status_after_request",
    "lock_minutes",
]


class Queue(Input):
    """`inherited` names the rules that are as the centre says (A2.6): those of a new project that it does not set.

    Setting a rule takes it from there, naming it there gives it back.
    """

    cool_down_minutes: Minutes = 60
    max_attempts: Annotated[int, Field(ge=1, le=100, strict=True)] = 3
    max_age_hours: Annotated[int, Field(ge=1, le=24 * 366, strict=True)] | None = None
    order: Literal["newest", "oldest"] = "newest"
    use_partner_priority: Annotated[bool, Field(strict=True)] = True
    status_after_request: Literal["leave_assigned", "queue", "pending"] = "leave_assigned"
    lock_minutes: Annotated[int, Field(ge=1, le=120, strict=True)] = 15
    inherited: list[QueueRule] = Field(default_factory=list[QueueRule], max_length=7)


class Duplicates(Input):
    """`window_days` 0: not looked for; null: looked for without end. `accept` links the lead to the earlier one."""

    fields_: Literal["phone", "email", "both"] = Field(default="phone", alias="fields")
    scope: Literal["partner", "project", "sponsor", "all"] = "project"
    window_days: Annotated[int, Field(ge=0, le=3660, strict=True)] | None = 30
    action: Literal["reject", "quarantine", "accept"] = "reject"


class Validation(Input):
    """`held_leads`: what becomes of open cases when validation is turned off. `propose_return`: after a rejection."""

    max_attempts: Annotated[int, Field(ge=1, le=100, strict=True)] = 5
    held_leads: Literal["keep", "release"] = "keep"
    propose_return: Literal["automatic", "ask", "never"] = "never"


class CustomCheck(Input):
    """`pattern` has to match the whole value at `field`; its syntax is that of Rust's regex: no backtracking."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    field: FieldPath
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    level: Level = "reject"
    detail: Annotated[str, StringConstraints(max_length=200)] = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])
        except SchemaError:
            raise ValueError("The pattern is not a regular expression.") from None
        return pattern


class Intake(Input):
    """I2.17, I2.21. `consent_max_age_days` null: a consent stays fresh. `always_deliver`: quarantined leads are
    accepted instead, not billable.
    """

    required_fields: list[FieldPath] = Field(default_factory=list, max_length=50)
    suppressed_names: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=1000
    )
    consent_max_age_days: Annotated[int, Field(ge=1, le=3660, strict=True)] | None = None
    custom_checks: list[CustomCheck] = Field(default_factory=list, max_length=50)
    always_deliver: Annotated[bool, Field(strict=True)] = False
    bulk_edit: Annotated[bool, Field(strict=True)] = False
    stale_suppressions: Literal["warn", "block"] = "warn"


class Offer(Input):
    """A3.14: when `written_confirmation` is on, an offer lapses after so many days."""

    lapse_days: Annotated[int, Field(ge=1, le=365, strict=True)] = 14


class NewProject(Input):
    name: Name
    kind: Kind
    sponsor_id: EntityId | None = None
    call_centre_validation: Annotated[bool, Field(strict=True)] = False
    after_validation: AfterValidation = "queue"
    written_confirmation: Annotated[bool, Field(strict=True)] = False
    region: Region = "FI"
    calling_hours: CallingHours = CallingHours()
    queue: Queue = Queue()
    duplicates: Duplicates = Duplicates()
    checks: Checks = Field(default_factory=dict)
    validation: Validation = Validation()
    intake: Intake = Intake()
    offer: Offer = Offer()


class ProjectPatch(Patch):
    """`calling_hours` is replaced whole; of the other groups only what is sent changes."""

    name: Name = ""
    kind: Kind = "outbound"
    sponsor_id: EntityId | None = None
    call_centre_validation: Annotated[bool, Field(strict=True)] = False
    after_validation: AfterValidation = "queue"
    written_confirmation: Annotated[bool, Field(strict=True)] = False
    region: Region = "FI"
    calling_hours: CallingHours = CallingHours()
    queue: Queue = Queue()
    duplicates: Duplicates = Duplicates()
    checks: Checks = Field(default_factory=dict)
    validation: Validation = Validation()
    intake: Intake = Intake()
    offer: Offer = Offer()


class ProjectQuery(PageQuery):
    sponsor_id: EntityId | None = None
    state: State | None = None
    kind: Kind | None = None


class ProjectName(Named):
    kind: Kind
    state: State


class ProjectOut(Stored):
    name: str
    kind: Kind
    state: State
    sponsor_id: str | None
    call_centre_validation: bool
    after_validation: AfterValidation
    written_confirmation: bool
    region: str
    calling_hours: CallingHours
    queue: Queue
    duplicates: Duplicates
    checks: Checks
    validation: Validation
    intake: Intake
    offer: Offer


def shown(project: Project) -> ProjectOut:
    settings = ("calling_hours", "queue", "duplicates", "validation", "intake", "offer")
    return ProjectOut.model_validate({**vars(project), **{s: to_builtins(getattr(project, s)) for s in settings}})


def named(project: Project) -> ProjectName:
    return ProjectName.model_validate({name: getattr(project, name) for name in ("id", "name", "kind", "state")})
