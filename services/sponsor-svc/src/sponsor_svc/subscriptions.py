"""What sponsor-svc hears."""

from messaging.subscription import Subscription

SUBSCRIPTIONS: tuple[Subscription, ...] = ()
