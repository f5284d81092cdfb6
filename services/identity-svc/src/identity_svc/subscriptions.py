"""What identity-svc hears."""

from contracts.events import assignment, identity, intake, notify, sponsor, validation
from contracts.events.intake import ErasureRequestedV1
from contracts.events.sponsor import AccountGrantedV1, AccountRevokedV1
from messaging.subscription import Ordering, Subscription, each

from identity_svc.audit.keep_entries import keep_entries
from identity_svc.erasure.forget_leads import forget_leads
from identity_svc.sponsor_accounts.keep_rights import keep_rights

_ENTRIES = tuple(context.AuditRecordedV1 for context in (identity, sponsor, intake, assignment, validation, notify))

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        name="sponsor-accounts",
        ordering=Ordering.LAST_VERSION_WINS,
        handlers=dict.fromkeys((AccountGrantedV1, AccountRevokedV1), each(keep_rights)),
    ),
    Subscription(name="erasure", ordering=Ordering.COMMUTATIVE, handlers={ErasureRequestedV1: each(forget_leads)}),
    Subscription(
        name="audit", ordering=Ordering.COMMUTATIVE, handlers=dict.fromkeys(_ENTRIES, keep_entries), batch=200
    ),
)
