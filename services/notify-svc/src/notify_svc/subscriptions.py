"""What notify-svc hears."""

from contracts.events.intake import LeadAcceptedV1, PartnerChangedV1, PartnerCreatedV1
from messaging.subscription import Ordering, Subscription

from notify_svc.partners.keep_partners import keep_partners
from notify_svc.purchases.queue_purchase_mails import queue_purchase_mails

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
)
