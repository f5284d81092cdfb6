"""What sponsor-svc hears."""

from contracts.events.identity import UserChangedV1, UserDeactivatedV1
from contracts.events.intake import ErasureRequestedV1
from messaging.subscription import Ordering, Subscription, each

from sponsor_svc.accounts.recheck_pages import recheck_pages
from sponsor_svc.erasure.forget_person import forget_person
from sponsor_svc.statistics.count_events import count_events
from sponsor_svc.statistics.counting import COUNTED

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        name="statistics",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys(COUNTED, count_events),
        batch=200,
    ),
    Subscription(
        name="people",
        ordering=Ordering.COMMUTATIVE,
        handlers=dict.fromkeys((UserChangedV1, UserDeactivatedV1), each(recheck_pages)),
    ),
    Subscription(name="erasure", ordering=Ordering.COMMUTATIVE, handlers={ErasureRequestedV1: each(forget_person)}),
)
