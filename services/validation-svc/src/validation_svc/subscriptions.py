"""What validation-svc hears."""

from contracts.events.intake import LeadAcceptedV1, LeadUpdatedV1
from contracts.events.sponsor import ProjectActivatedV1, ProjectChangedV1, ProjectCreatedV1, ProjectPassivatedV1
from messaging.subscription import Ordering, Subscription

from validation_svc.cases.open_cases import open_cases
from validation_svc.projects.keep_projects import keep_projects

SUBSCRIPTIONS = (
    Subscription(
        name="validation-svc.leads",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={LeadAcceptedV1: open_cases, LeadUpdatedV1: open_cases},
        batch=100,
    ),
    Subscription(
        name="validation-svc.projects",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            ProjectCreatedV1: keep_projects,
            ProjectChangedV1: keep_projects,
            ProjectActivatedV1: keep_projects,
            ProjectPassivatedV1: keep_projects,
        },
    ),
)
