"""`leadwire migrate`: brings PostgreSQL and RabbitMQ of an installation to what this version needs. Safe to repeat."""

from collections.abc import Mapping, Sequence

from identity_svc.users.create_user import ADMIN_NAME
from identity_svc.users.easy_passwords import why_easy

from leadwire.announcement import say
from leadwire.errors import CannotRun
from leadwire.first_admin import make_first_admin
from leadwire.operate.broker_users import provide_broker_users
from leadwire.operate.declare import declare_everything
from leadwire.operate.environment import amqp_url_from, broker_administration_from, databases_from
from leadwire.provision import provision
from leadwire.services import IDENTITY, SERVICES, Service

SHORTEST_PASSWORD = 8


async def migrate_platform(environment: Mapping[str, str], services: Sequence[Service] = SERVICES) -> None:
    """Databases of the given services; topology and users of the broker for all.

    Raises SettingsMissing before anything is touched, CannotRun for a weak password, and what the servers say.
    """
    databases, amqp_url = databases_from(environment), amqp_url_from(environment)
    broker = broker_administration_from(environment)
    email, password = environment.get("LEADWIRE_ADMIN_EMAIL"), environment.get("LEADWIRE_ADMIN_PASSWORD")
    if password and len(password) < SHORTEST_PASSWORD:
        raise CannotRun(f"LEADWIRE_ADMIN_PASSWORD has fewer than {SHORTEST_PASSWORD} characters")
    if email and password and (why := why_easy(password, email, ADMIN_NAME)):
        raise CannotRun(f"LEADWIRE_ADMIN_PASSWORD: {why}")
    say(f"databases of {', '.join(service.name for service in services)}")
    await provision(databases, services)
    say("exchanges and queues")
    await declare_everything(amqp_url)
    if broker is not None:
        say("users of the broker")
        await provide_broker_users(broker, amqp_url)
    if email and password and IDENTITY in services:
        made = await make_first_admin(databases, email, password)
        say("the first admin" if made else "the first admin is there already")
