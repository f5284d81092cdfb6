"""The events that rules may be about, by the subscription that hears them."""

from contracts.event import Event
from contracts.events import assignment, identity, intake, notify, sponsor, validation

# Heard with the leads that partners are mailed of, so that no lead is read twice.
LEADS: tuple[type[Event], ...] = (intake.LeadAcceptedV1,)
PROJECTS: tuple[type[Event], ...] = (
    sponsor.ProjectCreatedV1,
    sponsor.ProjectChangedV1,
    sponsor.ProjectActivatedV1,
    sponsor.ProjectPassivatedV1,
)
ALARMS: tuple[type[Event], ...] = (
    intake.AlarmRaisedV1,
    assignment.AlarmRaisedV1,
    notify.AlarmRaisedV1,
    sponsor.AlarmRaisedV1,
    validation.AlarmRaisedV1,
    identity.AlarmRaisedV1,
)
OTHERS: tuple[type[Event], ...] = (
    intake.LeadRejectedV1,
    intake.LeadQuarantinedV1,
    intake.LeadReplacedV1,
    intake.LeadSoldV1,
    intake.ConsentRevokedV1,
    intake.ReturnRequestedV1,
    intake.ReturnAcceptedV1,
    intake.ReturnDeclinedV1,
    intake.ReturnDisputedV1,
    intake.ReturnLapsedV1,
    intake.ImportCompletedV1,
    sponsor.ContactListExpiredV1,
    validation.CaseExhaustedV1,
    validation.CaseConfirmedV1,
    validation.CaseRejectedV1,
    validation.ReturnProposedV1,
    assignment.LeadConvertedV1,
    assignment.LeadResolvedV1,
    assignment.LeadInvalidatedV1,
    assignment.LeadSuppressedV1,
    assignment.LeadExpiredV1,
    assignment.OpportunityCreatedV1,
    assignment.SurveyAnsweredV1,
    assignment.OfferAcceptedV1,
    assignment.OfferLapsedV1,
)
EVENT_TYPES = frozenset(event.type for event in (*LEADS, *PROJECTS, *ALARMS, *OTHERS))
