"""What sponsor-svc hears."""

from messaging.subscription import Ordering, Subscription

from sponsor_svc.statistics.count_events import count_events
from sponsor_svc.statistics.counting import COUNTED

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        name="statistics",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys(COUNTED, count_events),
        batch=200,
    ),
)
