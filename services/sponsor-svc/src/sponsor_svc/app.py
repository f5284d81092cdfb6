"""Builds sponsor-svc."""

from functools import partial

from contracts.events.sponsor import AlarmRaisedV1
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http
from servicekit.passwords import Passwords

from sponsor_svc.accounts import routes as accounts
from sponsor_svc.audit_rules import RULES
from sponsor_svc.contact_lists import routes as contact_lists
from sponsor_svc.contact_lists.expire_lists import keep_expiring
from sponsor_svc.crm import routes as crm
from sponsor_svc.crm.release_contacts import keep_releasing
from sponsor_svc.products import routes as products
from sponsor_svc.projects import routes as projects
from sponsor_svc.settings import Settings
from sponsor_svc.sharing import routes as sharing
from sponsor_svc.sharing import visitor_routes as shared_statistics
from sponsor_svc.sharing.open_link import OpenLink
from sponsor_svc.sponsors import routes as sponsors
from sponsor_svc.statistics import routes as statistics
from sponsor_svc.statistics.live import LiveStatistics
from sponsor_svc.subscriptions import SUBSCRIPTIONS

NAME = "sponsor-svc"


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source=f"/leadwire/{NAME}", max_size=settings.database_pool
    )
    live = LiveStatistics(database)
    features = (sponsors, projects, products, contact_lists, crm, accounts, sharing)
    routers = [
        *(feature.routes(database) for feature in features),
        statistics.routes(database, live),
        shared_statistics.routes(OpenLink(database, Passwords()), live),
    ]
    limits = {crm.CAMPAIGNS: crm.MOST_BYTES}
    return App(
        name=NAME,
        database=database,
        http=create_http(NAME, database, settings.verifier(), routers, body_limits=limits, audit=RULES),
        subscriptions=SUBSCRIPTIONS,
        tasks=(
            partial(keep_expiring, database),
            partial(keep_releasing, database),
            partial(watch_dead_letters, NAME, database, AlarmRaisedV1),
        ),
    )
