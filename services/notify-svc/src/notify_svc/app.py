"""What notify-svc is made of."""

from datetime import timedelta

from messaging.database import Database
from servicekit.app import App
from servicekit.http import create_http

from notify_svc.emails.routes import email_routes
from notify_svc.sending.composing import Composer
from notify_svc.sending.mail_server import MailServer, ServerAddress
from notify_svc.sending.sender import Limits, Sender
from notify_svc.settings import Settings
from notify_svc.subscriptions import SUBSCRIPTIONS
from notify_svc.templates.routes import template_routes

REPLIES_IN_A_CONVERSATION = 5


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/notify-svc", max_size=settings.database_pool
    )
    http = create_http("notify-svc", database, settings.verifier(), [email_routes(database), template_routes(database)])
    sender = build_sender(settings, database)
    return App(name="notify-svc", database=database, http=http, subscriptions=SUBSCRIPTIONS, tasks=[sender.run])


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
    limits = Limits(connections=settings.smtp_connections, per_domain=settings.smtp_connections_per_domain, lease=lease)
    return Sender(database, MailServer(address), Composer(database, settings.smtp_from), limits)
