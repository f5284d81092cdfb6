"""What identity-svc hears."""

from contracts.events.intake import ErasureRequestedV1
from messaging.subscription import Ordering, Subscription, each

from identity_svc.erasure.forget_leads import forget_leads

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(name="erasure", ordering=Ordering.COMMUTATIVE, handlers={ErasureRequestedV1: each(forget_leads)}),
)
