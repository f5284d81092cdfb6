"""What assignment-svc hears."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from contracts.event import Event
from contracts.events import identity, intake, notify, sponsor, validation
from messaging.subscription import Handler, Ordering, Received, Subscription, each
from messaging.unit_of_work import UnitOfWork

from assignment_svc.erasure.erase_leads import receive_erasure
from assignment_svc.leads.apply_verdicts import receive_verdicts
from assignment_svc.leads.note_mails import receive_mails
from assignment_svc.leads.receive_leads import receive_leads
from assignment_svc.reference import people, projects
from assignment_svc.withdrawals import receive as withdrawals

E = TypeVar("E", bound=Event)


def together(handler: Callable[[UnitOfWork, Sequence[Received[E]]], Awaitable[None]]) -> Handler:
    """A handler that takes a whole batch; the table below gives it only events of its types."""
    return cast("Handler", handler)


_lead = together(receive_leads)
_verdict = together(receive_verdicts)
_mail = together(receive_mails)
_return = together(withdrawals.receive_returns)
_suppression = together(people.receive_suppressions)
_project = each(projects.receive_project)
_sponsor = each(projects.receive_sponsor)
_contact_list = each(projects.receive_contact_list)
_product = each(projects.receive_product)
_user = each(people.receive_user)
_partner = each(people.receive_partner)

SUBSCRIPTIONS = (
    Subscription(
        name="leads",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={intake.LeadAcceptedV1: _lead, intake.LeadUpdatedV1: _lead},
        batch=100,
    ),
    Subscription(
        name="verdicts",
        ordering=Ordering.COMMUTATIVE,
        handlers={
            validation.CaseConfirmedV1: _verdict,
            validation.CaseRejectedV1: _verdict,
            validation.CaseReleasedV1: _verdict,
        },
    ),
    Subscription(
        name="withdrawals",
        ordering=Ordering.COMMUTATIVE,
        handlers={
            intake.ReturnRequestedV1: _return,
            intake.ReturnDisputedV1: _return,
            intake.ReturnAcceptedV1: _return,
            intake.ReturnDeclinedV1: _return,
            intake.LeadSoldV1: together(withdrawals.receive_sales),
            intake.SaleReturnAcceptedV1: together(withdrawals.receive_sale_returns),
            intake.ConsentRevokedV1: together(withdrawals.receive_revocations),
            intake.ErasureRequestedV1: each(receive_erasure),
        },
    ),
    Subscription(
        name="mails",
        ordering=Ordering.COMMUTATIVE,
        handlers={
            notify.EmailSentV1: _mail,
            notify.EmailFailedV1: _mail,
            notify.EmailSuppressedV1: _mail,
            notify.EmailBouncedV1: _mail,
        },
    ),
    Subscription(
        name="reference",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            sponsor.ProjectCreatedV1: _project,
            sponsor.ProjectChangedV1: _project,
            sponsor.ProjectActivatedV1: _project,
            sponsor.ProjectPassivatedV1: _project,
            sponsor.SponsorCreatedV1: _sponsor,
            sponsor.SponsorChangedV1: _sponsor,
            sponsor.SponsorArchivedV1: _sponsor,
            sponsor.ContactListCreatedV1: _contact_list,
            sponsor.ContactListChangedV1: _contact_list,
            sponsor.ContactListExpiredV1: _contact_list,
            sponsor.ContactListReopenedV1: _contact_list,
            sponsor.ProductCreatedV1: _product,
            sponsor.ProductChangedV1: _product,
            identity.UserCreatedV1: _user,
            identity.UserChangedV1: _user,
            identity.UserDeactivatedV1: _user,
            intake.PartnerCreatedV1: _partner,
            intake.PartnerChangedV1: _partner,
            intake.SuppressionAddedV1: _suppression,
            intake.SuppressionRemovedV1: _suppression,
            intake.SuppressionsAddedV1: _suppression,
            intake.SuppressionsRemovedV1: _suppression,
            intake.SuppressionListChangedV1: each(people.receive_suppression_list),
        },
    ),
)
