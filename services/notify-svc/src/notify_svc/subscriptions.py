"""What notify-svc hears."""

from contracts.events.intake import (
    LeadAcceptedV1,
    LeadSoldV1,
    LeadUpdatedV1,
    PartnerChangedV1,
    PartnerCreatedV1,
)
from contracts.events.validation import CaseConfirmedV1, CaseRejectedV1, CaseReleasedV1, CaseReopenedV1
from messaging.subscription import Ordering, Subscription, each

from notify_svc.lead_deliveries.deliver_sold import deliver_sold
from notify_svc.lead_deliveries.keep_held_leads import keep_held_leads, keep_verdicts
from notify_svc.partners.keep_partners import keep_partners
from notify_svc.purchases.queue_purchase_mails import queue_purchase_mails
from notify_svc.webhook_events.catalogue import CATALOGUE
from notify_svc.webhook_events.fan_out import fan_out
from notify_svc.webhook_events.keep_partners import keep_partners as keep_webhook_partners

SUBSCRIPTIONS = (
    Subscription(
        name="notify-svc.partners",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={PartnerCreatedV1: keep_partners, PartnerChangedV1: keep_partners},
    ),
    Subscription(
        name="notify-svc.purchases",
        ordering=Ordering.COMMUTATIVE,
        handlers={LeadAcceptedV1: queue_purchase_mails},
        batch=100,
    ),
    Subscription(
        name="notify-svc.webhook-partners",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers={PartnerCreatedV1: keep_webhook_partners, PartnerChangedV1: keep_webhook_partners},
    ),
    Subscription(
        name="notify-svc.webhooks",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys(CATALOGUE, fan_out),
        batch=100,
    ),
    Subscription(
        name="notify-svc.lead-deliveries",
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
    Subscription(
        name="notify-svc.sales",
        ordering=Ordering.STRICT,
        handlers={LeadSoldV1: each(deliver_sold)},
    ),
)
