"""What notify-svc hears."""

from collections.abc import Sequence
from datetime import timedelta

from contracts.events.assignment import CampaignChangedV1, MessageRequestedV1
from contracts.events.identity import UserChangedV1, UserCreatedV1, UserDeactivatedV1
from contracts.events.intake import (
    ErasureRequestedV1,
    LeadAcceptedV1,
    LeadSoldV1,
    LeadUpdatedV1,
    PartnerChangedV1,
    PartnerCreatedV1,
)
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1, CaseReleasedV1, CaseReopenedV1
from messaging.subscription import Ordering, Subscription, each

from notify_svc.alarms.keep_alarms import keep_alarms
from notify_svc.erasure.erase import erase
from notify_svc.lead_deliveries.deliver_sold import deliver_sold
from notify_svc.lead_deliveries.keep_held_leads import keep_held_leads, keep_verdicts
from notify_svc.messages.send_messages import send_messages
from notify_svc.partners.keep_partners import keep_partners
from notify_svc.people.keep_users import keep_users
from notify_svc.projects.keep_projects import keep_campaigns, keep_projects
from notify_svc.purchases.queue_purchase_mails import queue_purchase_mails
from notify_svc.rules import catalogue
from notify_svc.rules.notify_by_rules import notify_by_rules
from notify_svc.webhook_events.catalogue import CATALOGUE
from notify_svc.webhook_events.fan_out import fan_out

ALARM_PERIOD = timedelta(hours=1)


WEBHOOKS = (
    Subscription(
        name="webhooks",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys(CATALOGUE, fan_out),
        batch=100,
    ),
    Subscription(
        name="lead-deliveries",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={
            LeadAcceptedV1: keep_held_leads,
            LeadUpdatedV1: keep_held_leads,
            CaseConfirmedV1: keep_verdicts,
            CaseReleasedV1: keep_verdicts,
            CaseRejectedV1: keep_verdicts,
            CaseReopenedV1: keep_verdicts,
        },
        batch=100,
    ),
    Subscription(name="sales", ordering=Ordering.STRICT, handlers={LeadSoldV1: each(deliver_sold)}),
)


def subscriptions(alarm_period: timedelta) -> Sequence[Subscription]:
    return (
        Subscription(
            name="partners",
            ordering=Ordering.LAST_VERSION_WINS,
            handlers={PartnerCreatedV1: keep_partners, PartnerChangedV1: keep_partners},
        ),
        Subscription(
            name="purchases",
            ordering=Ordering.COMMUTATIVE,
            handlers=dict.fromkeys(catalogue.LEADS, queue_purchase_mails),
            batch=100,
        ),
        Subscription(
            name="reference",
            ordering=Ordering.LAST_VERSION_WINS,
            handlers={
                UserCreatedV1: keep_users,
                UserChangedV1: keep_users,
                UserDeactivatedV1: keep_users,
                CampaignChangedV1: keep_campaigns,
            },
        ),
        Subscription(
            name="projects",
            ordering=Ordering.LAST_VERSION_WINS,
            handlers=dict.fromkeys(catalogue.PROJECTS, keep_projects),
        ),
        Subscription(
            name="notifications",
            ordering=Ordering.STRICT,
            handlers=dict.fromkeys(catalogue.OTHERS, notify_by_rules),
        ),
        Subscription(name="messages", ordering=Ordering.COMMUTATIVE, handlers={MessageRequestedV1: send_messages}),
        Subscription(
            name="alarms",
            ordering=Ordering.COMMUTATIVE,
            handlers=dict.fromkeys(catalogue.ALARMS, keep_alarms(alarm_period)),
        ),
        Subscription(
            name="erasures", ordering=Ordering.COMMUTATIVE, handlers={ErasureRequestedV1: each(erase)}, batch=1
        ),
        *WEBHOOKS,
    )


# Folded into `partners`.
RETIRED = ("webhook-partners",)
# The queues, for whoever declares them; what runs has the settings' own period.
SUBSCRIPTIONS = subscriptions(ALARM_PERIOD)
