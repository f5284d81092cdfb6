"""What lead-intake-svc hears."""

from collections.abc import Awaitable, Callable

from contracts.events import assignment as a
from contracts.events import identity
from contracts.events import notify as n
from contracts.events import sponsor as s
from contracts.events import validation as v
from messaging.subscription import Ordering, Received, Subscription, each
from messaging.unit_of_work import UnitOfWork

from lead_intake_svc.corrections.follow_edits import follow_edits
from lead_intake_svc.erasure.erase_person import receive_receipt
from lead_intake_svc.progress.handlers import note_progress
from lead_intake_svc.reference.handlers import keep_contact_list, keep_project
from lead_intake_svc.returns.proposals import end_by_conversion, hear_proposal
from lead_intake_svc.sales.handlers import receive_return, sell_validated, warn_of_conversion

_PROGRESS = (
    a.LeadHeldV1, a.LeadPendedV1, a.LeadQueuedV1, a.LeadClaimedV1, a.LeadAssignedV1, a.LeadReleasedV1,
    a.LeadUnassignedV1, a.LeadReassignedV1, a.LeadConvertedV1, a.LeadResolvedV1, a.LeadInvalidatedV1,
    a.LeadSuppressedV1, a.LeadExpiredV1, a.LeadReopenedV1, a.LeadWithdrawnV1, a.LeadRestoredV1, a.AttemptLoggedV1,
    a.CallbackScheduledV1, a.CallbackDueV1, a.OfferSentV1, a.OfferAcceptedV1, a.OfferLapsedV1, a.OrderChangedV1,
    a.OrderCompletedV1, a.LeadEditedV1, a.OpportunityCreatedV1, a.SurveyAnsweredV1, a.MessageRequestedV1,
    v.CaseOpenedV1, v.CaseAttemptedV1, v.CaseExhaustedV1, v.CaseConfirmedV1, v.CaseRejectedV1, v.CaseReopenedV1,
    v.CaseReleasedV1, v.LeadInvalidatedV1, v.LeadRevalidatedV1, v.ReturnProposedV1,
    n.EmailSentV1, n.EmailFailedV1, n.EmailSuppressedV1, n.EmailBouncedV1, n.WebhookDeliveredV1, n.WebhookExhaustedV1,
)  # fmt: skip

Receive = Callable[[UnitOfWork, Received[s.ContactsReleasedV1]], Awaitable[None]]


def subscriptions(receive_contacts: Receive) -> tuple[Subscription, ...]:
    contacts = Subscription(
        name="contacts",
        ordering=Ordering.STRICT,
        handlers={s.ContactsReleasedV1: each(receive_contacts)},
        batch=1,
    )
    return (*_PROJECTIONS, contacts)


async def _not_built(_: UnitOfWork, __: Received[s.ContactsReleasedV1]) -> None:
    """The service itself is given the real one by `build`."""
    raise NotImplementedError


_PROJECTIONS = (
    Subscription(
        name="projects",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            s.ProjectCreatedV1: each(keep_project),
            s.ProjectChangedV1: each(keep_project),
            s.ProjectActivatedV1: each(keep_project),
            s.ProjectPassivatedV1: each(keep_project),
            s.ContactListCreatedV1: each(keep_contact_list),
            s.ContactListChangedV1: each(keep_contact_list),
            s.ContactListExpiredV1: each(keep_contact_list),
            s.ContactListReopenedV1: each(keep_contact_list),
        },
    ),
    Subscription(
        name="progress",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys(_PROGRESS, note_progress),
        batch=200,
    ),
    Subscription(
        name="corrections",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={a.LeadEditedV1: each(follow_edits)},
    ),
    Subscription(
        name="erasure",
        ordering=Ordering.COMMUTATIVE,
        handlers={
            a.ErasureCompletedV1: each(receive_receipt),
            identity.ErasureCompletedV1: each(receive_receipt),
            n.ErasureCompletedV1: each(receive_receipt),
            s.ErasureCompletedV1: each(receive_receipt),
            v.ErasureCompletedV1: each(receive_receipt),
        },
    ),
    Subscription(
        name="sales",
        ordering=Ordering.COMMUTATIVE,
        handlers={
            v.CaseConfirmedV1: each(sell_validated),
            v.CaseReleasedV1: each(sell_validated),
            n.ReturnReceivedV1: each(receive_return),
            a.LeadConvertedV1: each(warn_of_conversion),
        },
    ),
    Subscription(
        name="returns",
        ordering=Ordering.COMMUTATIVE,
        handlers={v.ReturnProposedV1: each(hear_proposal), a.LeadConvertedV1: each(end_by_conversion)},
    ),
)
# Their queues are declared without building the service.
SUBSCRIPTIONS = subscriptions(_not_built)
