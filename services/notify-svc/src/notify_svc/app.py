"""What notify-svc is made of."""

import ssl
from datetime import timedelta
from functools import partial

from contracts.events.notify import AlarmRaisedV1
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http
from servicekit.sealing import Sealer

from notify_svc.alarms.routes import alarm_routes
from notify_svc.alarms.watch import watch
from notify_svc.audit_rules import RULES
from notify_svc.bounces.routes import bounce_routes
from notify_svc.buyer_returns.routes import incoming_routes
from notify_svc.digests.make_digests import make_digests
from notify_svc.dispatching import Dispatcher, Pace
from notify_svc.emails.routes import email_routes
from notify_svc.recipients.routes import recipient_routes
from notify_svc.retention.keep_ledgers import Kept, keep_ledgers
from notify_svc.rules.routes import rule_routes
from notify_svc.sending.composing import Composer
from notify_svc.sending.desk import Limits, MailDesk
from notify_svc.sending.mail_server import MailServer, ServerAddress
from notify_svc.sending.pacing import Paces
from notify_svc.sending.store import ClaimedEmail
from notify_svc.sending.store import Mark as MailMark
from notify_svc.settings import Settings
from notify_svc.subscriptions import subscriptions
from notify_svc.suppressions.routes import suppression_routes
from notify_svc.templates.routes import template_routes
from notify_svc.webhook_deliveries.routes import delivery_routes
from notify_svc.webhook_endpoints.create_endpoint import Rules
from notify_svc.webhook_endpoints.routes import endpoint_routes
from notify_svc.webhook_sending.desk import Shares, WebhookDesk
from notify_svc.webhook_sending.receiver import Receivers, Timeouts
from notify_svc.webhook_sending.resolving import Resolve, SystemResolver
from notify_svc.webhook_sending.store import ClaimedDelivery, Mark

REPLIES_IN_A_CONVERSATION = 5
# A confirmed lead has to be with its sponsor within a second.
WEBHOOK_POLL_SECONDS = 0.25
MAIL_POLL_SECONDS = 0.5
# Behind each mail that is under way: their connection does not wait for a transaction.
MAILS_READY = 2
# Mails all go through one server; receivers of webhooks differ, and one that takes a second is nobody's trouble.
SLOW_MAIL_SECONDS = 0.5
SLOW_WEBHOOK_SECONDS = 5.0
# Leads, projects, partners, sponsors and users: others make them.
HEARS_OF = ("lead", "prj", "ptr", "spo", "usr")


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/notify-svc", max_size=settings.database_pool
    )
    sealer = Sealer(settings.webhook_secret_key.get_secret_value())
    routers = [
        email_routes(database),
        template_routes(database),
        rule_routes(database),
        recipient_routes(database),
        suppression_routes(database),
        bounce_routes(database),
        alarm_routes(database),
        endpoint_routes(database, Rules(sealer, settings.webhook_addresses)),
        delivery_routes(database),
        incoming_routes(database, sealer),
    ]
    http = create_http("notify-svc", database, settings.verifier(), routers, audit=RULES, hears_of=HEARS_OF)
    kept = Kept(mails=timedelta(days=settings.mail_ledger_days), webhooks=timedelta(days=settings.webhook_ledger_days))
    alarm_period = timedelta(minutes=settings.alarm_period_minutes)
    tasks = [
        build_sender(settings, database).run,
        partial(make_digests, database),
        partial(watch, database, alarm_period),
        partial(watch_dead_letters, "notify-svc", database, AlarmRaisedV1),
        build_webhook_sender(settings, database).run,
        partial(keep_ledgers, database, kept),
    ]
    return App(name="notify-svc", database=database, http=http, subscriptions=subscriptions(alarm_period), tasks=tasks)


def build_sender(
    settings: Settings, database: Database, lease: timedelta | None = None
) -> Dispatcher[ClaimedEmail, MailMark]:
    """A conversation is cut off before its `lease` ends, so that nobody else takes the mail meanwhile.

    Unless it is given, it lasts for REPLIES_IN_A_CONVERSATION replies that each take as long as they may.
    """
    lease = lease or REPLIES_IN_A_CONVERSATION * timedelta(seconds=settings.smtp_timeout_seconds)
    password = settings.smtp_password
    address = ServerAddress(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        ca_file=settings.smtp_ca_file,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        timeout_seconds=settings.smtp_timeout_seconds,
    )
    paces = Paces(
        domain=settings.mails_per_minute_per_domain,
        sponsor=settings.mails_per_minute_per_sponsor,
        domains=settings.mail_domain_limits,
        sponsors=settings.mail_sponsor_limits,
    )
    per_domain = settings.smtp_connections_per_domain
    limits = Limits(per_domain=(1 + MAILS_READY) * per_domain, lease=lease, paces=paces)
    desk = MailDesk(MailServer(address), Composer(database, settings.smtp_from), limits)
    connections = settings.smtp_connections
    pace = Pace(
        at_once=connections,
        lease=lease,
        poll_seconds=MAIL_POLL_SECONDS,
        slow_seconds=SLOW_MAIL_SECONDS,
        ready=MAILS_READY,
        per_lane=per_domain,
        turn=connections,
    )
    return Dispatcher(database, desk, pace)


def build_webhook_sender(
    settings: Settings, database: Database, resolve: Resolve | None = None, lease: timedelta | None = None
) -> Dispatcher[ClaimedDelivery, Mark]:
    """Unless a `lease` is given, it lasts for a wait behind a whole attempt, an attempt, and as long again."""
    total = settings.webhook_timeout_seconds
    timeouts = Timeouts(connect=min(10.0, total), read=total, total=total)
    tls = ssl.create_default_context(cafile=settings.webhook_ca_file)
    resolve = resolve or SystemResolver(settings.webhook_connections)
    receivers = Receivers(resolve, settings.webhook_addresses, tls, timeouts)
    sealer = Sealer(settings.webhook_secret_key.get_secret_value())
    lease = lease or timedelta(seconds=4 * total)
    shares = Shares(per_endpoint=settings.webhook_connections_per_endpoint, lease=lease)
    pace = Pace(
        at_once=settings.webhook_connections,
        lease=lease,
        poll_seconds=WEBHOOK_POLL_SECONDS,
        slow_seconds=SLOW_WEBHOOK_SECONDS,
    )
    return Dispatcher(database, WebhookDesk(receivers, sealer, shares), pace)
