"""What validation-svc hears."""

from contracts.events.intake import (
    ErasureRequestedV1,
    LeadAcceptedV1,
    LeadUpdatedV1,
    ReturnAcceptedV1,
    ReturnDeclinedV1,
    ReturnDisputedV1,
    ReturnLapsedV1,
    ReturnRequestedV1,
)
from contracts.events.notify import WebhookDeliveredV1
from contracts.events.sponsor import ProjectActivatedV1, ProjectChangedV1, ProjectCreatedV1, ProjectPassivatedV1
from messaging.subscription import Ordering, Subscription, each

from validation_svc.billing.keep_deliveries import keep_deliveries
from validation_svc.cases.open_cases import open_cases
from validation_svc.erasure.erase_leads import erase_leads
from validation_svc.projects.keep_projects import keep_projects
from validation_svc.returns.keep_returns import keep_returns

SUBSCRIPTIONS = (
    Subscription(
        name="leads",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={LeadAcceptedV1: open_cases, LeadUpdatedV1: open_cases},
        batch=100,
    ),
    Subscription(
        name="projects",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            ProjectCreatedV1: keep_projects,
            ProjectChangedV1: keep_projects,
            ProjectActivatedV1: keep_projects,
            ProjectPassivatedV1: keep_projects,
        },
    ),
    Subscription(
        name="returns",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            ReturnRequestedV1: keep_returns,
            ReturnAcceptedV1: keep_returns,
            ReturnDeclinedV1: keep_returns,
            ReturnDisputedV1: keep_returns,
            ReturnLapsedV1: keep_returns,
        },
    ),
    Subscription(
        name="deliveries",
        ordering=Ordering.COMMUTATIVE,
        handlers={WebhookDeliveredV1: keep_deliveries},
    ),
    Subscription(
        name="erasures",
        ordering=Ordering.COMMUTATIVE,
        handlers={ErasureRequestedV1: each(erase_leads)},
    ),
)
