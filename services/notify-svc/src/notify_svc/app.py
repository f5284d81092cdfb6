"""What notify-svc is made of."""

from datetime import timedelta
from functools import partial

from messaging.database import Database
from servicekit.app import App
from servicekit.http import create_http

from notify_svc.alarms.routes import alarm_routes
from notify_svc.alarms.watch import watch
from notify_svc.bounces.routes import bounce_routes
from notify_svc.digests.make_digests import make_digests
from notify_svc.emails.routes import email_routes
from notify_svc.recipients.routes import recipient_routes
from notify_svc.rules.routes import rule_routes
from notify_svc.sending.composing import Composer
from notify_svc.sending.mail_server import MailServer, ServerAddress
from notify_svc.sending.pacing import Paces
from notify_svc.sending.sender import Limits, Sender
from notify_svc.settings import Settings
from notify_svc.subscriptions import subscriptions
from notify_svc.suppressions.routes import suppression_routes
from notify_svc.templates.routes import template_routes

REPLIES_IN_A_CONVERSATION = 5


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/notify-svc", max_size=settings.database_pool
    )
    routers = [
        email_routes(database),
        template_routes(database),
        rule_routes(database),
        recipient_routes(database),
        suppression_routes(database),
        bounce_routes(database),
        alarm_routes(database),
    ]
    alarm_period = timedelta(minutes=settings.alarm_period_minutes)
    return App(
        name="notify-svc",
        database=database,
        http=create_http("notify-svc", database, settings.verifier(), routers),
        subscriptions=subscriptions(alarm_period),
        tasks=[
            build_sender(settings, database).run,
            partial(make_digests, database),
            partial(watch, database, alarm_period),
        ],
    )


def build_sender(settings: Settings, database: Database, lease: timedelta | None = None) -> Sender:
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
    limits = Limits(
        connections=settings.smtp_connections,
        per_domain=settings.smtp_connections_per_domain,
        lease=lease,
        paces=paces,
    )
    return Sender(database, MailServer(address), Composer(database, settings.smtp_from), limits)
