"""Events of sponsor-svc. Each carries the whole entity as it is now; last version wins."""

from datetime import date

from contracts.event import Event, event
from contracts.events.values import Value


class SponsorContent(Event, frozen=True, kw_only=True):
    sponsor_id: str
    name: str
    code: str | None = None
    status: str = "active"

    @property
    def subject(self) -> str:
        return self.sponsor_id


@event("sponsor.sponsor.created.v1")
class SponsorCreatedV1(SponsorContent, frozen=True, kw_only=True):
    pass


@event("sponsor.sponsor.changed.v1")
class SponsorChangedV1(SponsorContent, frozen=True, kw_only=True):
    pass


@event("sponsor.sponsor.archived.v1")
class SponsorArchivedV1(SponsorContent, frozen=True, kw_only=True):
    pass


class CallingHours(Value, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`mode` is `statutory`, `custom` or `always`; `days` are 1 (Monday) to 7.

    `from` and `until` are `HH:MM` in the lead's zone.
    """

    mode: str = "statutory"
    from_: str | None = None
    until: str | None = None
    days: list[int] | None = None


class QueueRules(Value, frozen=True, kw_only=True):
    """A2.6. `order` is `newest` or `oldest`; `status_after_request` is `leave_assigned`, `queue` or `pending`."""

    cool_down_minutes: int = 60
    max_attempts: int = 3
    max_age_hours: int | None = None
    order: str = "newest"
    use_partner_priority: bool = True
    status_after_request: str = "leave_assigned"
    lock_minutes: int = 15


class DuplicateRules(Value, frozen=True, kw_only=True):
    """I2.15. `fields` is `phone`, `email` or `both`.

    `window_days` 0 means that duplicates are not looked for, None that they are looked for without end.
    """

    fields: str = "phone"
    scope: str = "project"
    window_days: int | None = 30
    action: str = "reject"


class ProjectContent(Event, frozen=True, kw_only=True):
    """`kind` is `outbound` or `inbound`, `state` `available`, `active` or `passive`; `region` is ISO 3166-1 alpha-2.

    `checks` maps a check's name to `off`, `warn`, `quarantine` or `reject`; missing ones have their default.
    """

    project_id: str
    name: str
    kind: str
    state: str
    sponsor_id: str | None = None
    call_centre_validation: bool = False
    after_validation: str = "queue"
    region: str = "FI"
    calling_hours: CallingHours = CallingHours()
    queue: QueueRules = QueueRules()
    duplicates: DuplicateRules = DuplicateRules()
    checks: dict[str, str] = {}
    written_confirmation: bool = False

    @property
    def subject(self) -> str:
        return self.project_id


@event("sponsor.project.created.v1")
class ProjectCreatedV1(ProjectContent, frozen=True, kw_only=True):
    pass


@event("sponsor.project.changed.v1")
class ProjectChangedV1(ProjectContent, frozen=True, kw_only=True):
    pass


@event("sponsor.project.activated.v1")
class ProjectActivatedV1(ProjectContent, frozen=True, kw_only=True):
    pass


@event("sponsor.project.passivated.v1")
class ProjectPassivatedV1(ProjectContent, frozen=True, kw_only=True):
    pass


class ProductContent(Event, frozen=True, kw_only=True):
    product_id: str
    name: str
    code: str
    sponsor_id: str | None = None
    sponsor_product_code: str | None = None

    @property
    def subject(self) -> str:
        return self.product_id


@event("sponsor.product.created.v1")
class ProductCreatedV1(ProductContent, frozen=True, kw_only=True):
    pass


@event("sponsor.product.changed.v1")
class ProductChangedV1(ProductContent, frozen=True, kw_only=True):
    pass


class ContactListContent(Event, frozen=True, kw_only=True):
    """The list expires at the end of `expires_on` in `time_zone`; None: never. `expired` says whether it has."""

    contact_list_id: str
    name: str
    project_id: str | None = None
    sponsor_id: str | None = None
    expires_on: date | None = None
    time_zone: str = "UTC"
    expired: bool = False

    @property
    def subject(self) -> str:
        return self.contact_list_id


@event("sponsor.contact_list.created.v1")
class ContactListCreatedV1(ContactListContent, frozen=True, kw_only=True):
    pass


@event("sponsor.contact_list.changed.v1")
class ContactListChangedV1(ContactListContent, frozen=True, kw_only=True):
    pass


@event("sponsor.contact_list.expired.v1")
class ContactListExpiredV1(ContactListContent, frozen=True, kw_only=True):
    pass


@event("sponsor.contact_list.reopened.v1")
class ContactListReopenedV1(ContactListContent, frozen=True, kw_only=True):
    pass
