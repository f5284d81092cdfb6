"""Events of sponsor-svc. Each carries the whole entity as it is now; last version wins."""

from datetime import date
from typing import Any

from contracts.event import Event, event
from contracts.events.audit import AuditEntry
from contracts.events.bases import AlarmContent, ErasureReceipt
from contracts.events.values import Account, CallingHours, Consent, Moment, Money, Value


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


class QueueRules(Value, frozen=True, kw_only=True):
    """A2.6. `order` is `newest` or `oldest`; `status_after_request` is `leave_assigned`, `queue` or `pending`.

    `inherited` names the rules that the project leaves to the centre: what they are here does not hold.
    """

    cool_down_minutes: int = 60
    max_attempts: int = 3
    max_age_hours: int | None = None
    order: str = "newest"
    use_partner_priority: bool = True
    status_after_request: str = "leave_assigned"
    lock_minutes: int = 15
    inherited: list[str] = []


class DuplicateRules(Value, frozen=True, kw_only=True):
    """I2.15. `fields` is `phone`, `email` or `both`.

    `window_days` 0 means that duplicates are not looked for, None that they are looked for without end.
    """

    fields: str = "phone"
    scope: str = "project"
    window_days: int | None = 30
    action: str = "reject"


class ValidationRules(Value, frozen=True, kw_only=True):
    """How held leads are decided (V4.1, V4.4, V4.10).

    `held_leads` is `keep` or `release`: what becomes of open cases when validation was turned off.
    `propose_return` is `automatic`, `ask` or `never`: what a rejection means for the partner.
    """

    max_attempts: int = 5
    held_leads: str = "keep"
    propose_return: str = "never"


class CustomCheck(Value, frozen=True, kw_only=True):
    """A value at `field` (`first_name`, `custom.size`, …) has to match `pattern`, an RE2-like expression, whole."""

    name: str
    field: str
    pattern: str
    level: str = "reject"
    detail: str = ""


class IntakeRules(Value, frozen=True, kw_only=True):
    """What intake checks beyond `checks` (I2.17, I2.21).

    `always_deliver`: leads that a check would have quarantined are accepted, not billable. `consent_max_age_days`: an
    older consent is no longer fresh; None without end. `stale_suppressions` is `warn` or `block`.
    """

    required_fields: list[str] = []
    suppressed_names: list[str] = []
    consent_max_age_days: int | None = None
    custom_checks: list[CustomCheck] = []
    always_deliver: bool = False
    bulk_edit: bool = False
    stale_suppressions: str = "warn"


class OfferRules(Value, frozen=True, kw_only=True):
    """A3.14: with `written_confirmation`, an offer lapses after so many days, counted by the clock."""

    lapse_days: int = 14


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
    validation: ValidationRules = ValidationRules()
    intake: IntakeRules = IntakeRules()
    offer: OfferRules = OfferRules()

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
    """`price` is what one costs; None where that is agreed order by order."""

    product_id: str
    name: str
    code: str
    sponsor_id: str | None = None
    sponsor_product_code: str | None = None
    price: Money | None = None

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


@event("sponsor.erasure.completed.v1")
class ErasureCompletedV1(ErasureReceipt, frozen=True, kw_only=True):
    pass


class Contact(Value, frozen=True, kw_only=True):
    """A person whom a CRM gave us, as it was sent: nothing is checked or normalised yet."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: dict[str, Any] | None = None
    account: Account | None = None
    consent: Consent | None = None
    comments: str | None = None
    custom: dict[str, Any] = {}


@event("sponsor.contacts.released.v1")
class ContactsReleasedV1(Event, frozen=True, kw_only=True):
    """Up to 500 contacts of a CRM's campaign whose project was activated, by their id at the CRM (S0.9). Each
    contact is released once; they enter through intake as leads of the contact list.
    """

    campaign_id: str
    project_id: str
    contact_list_id: str
    contacts: dict[str, Contact]

    @property
    def subject(self) -> str:
        return self.project_id


class AccountContent(Event, frozen=True, kw_only=True):
    """What the user `user_id` of level sponsor sees from now on (S0.11): of these sponsors, these pages."""

    user_id: str
    sponsor_ids: list[str] = []
    pages: list[str] = []
    actor: str | None = None

    @property
    def subject(self) -> str:
        return self.user_id


@event("sponsor.account.granted.v1")
class AccountGrantedV1(AccountContent, frozen=True, kw_only=True):
    pass


@event("sponsor.account.revoked.v1")
class AccountRevokedV1(AccountContent, frozen=True, kw_only=True):
    """Nothing any more; `sponsor_ids` and `pages` are what it was."""


@event("sponsor.account_feature.switched.v1")
class AccountFeatureSwitchedV1(Event, frozen=True, kw_only=True):
    """Sponsor accounts as a whole; each is granted or revoked by an event of its own."""

    enabled: bool
    actor: str | None = None

    @property
    def subject(self) -> str:
        return "sponsor-accounts"


class StatisticsLinkContent(Event, frozen=True, kw_only=True):
    """A link to the statistics of a sponsor, or of one of its projects, for people without a sign-in (S0.13)."""

    link_id: str
    sponsor_id: str
    project_id: str | None = None
    expires_at: Moment
    has_password: bool = False
    actor: str | None = None

    @property
    def subject(self) -> str:
        return self.link_id


@event("sponsor.statistics_link.created.v1")
class StatisticsLinkCreatedV1(StatisticsLinkContent, frozen=True, kw_only=True):
    pass


@event("sponsor.statistics_link.revoked.v1")
class StatisticsLinkRevokedV1(StatisticsLinkContent, frozen=True, kw_only=True):
    pass


@event("sponsor.alarm.raised.v1")
class AlarmRaisedV1(AlarmContent, frozen=True, kw_only=True):
    pass


@event("sponsor.audit.recorded.v1")
class AuditRecordedV1(AuditEntry, frozen=True, kw_only=True):
    pass
