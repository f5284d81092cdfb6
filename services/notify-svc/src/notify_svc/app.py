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


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/notify-svc", max_size=settings.database_pool
    )
    http = create_http("notify-svc", database, settings.verifier(), [email_routes(database), template_routes(database)])
    sender = build_sender(settings, database)
    return App(name="notify-svc", database=database, http=http, subscriptions=SUBSCRIPTIONS, tasks=[sender.run])


def build_sender(settings: Settings, database: Database, lease: timedelta = timedelta(minutes=5)) -> Sender:
    """A conversation is cut off before its `lease` ends, so that nobody else takes the mail meanwhile."""
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
