"""What validation-svc is made of."""

from datetime import timedelta
from functools import partial

from contracts.events.validation import AlarmRaisedV1
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http

from validation_svc.audit_rules import RULES
from validation_svc.billing.routes import billing_routes
from validation_svc.cases.routes import case_routes
from validation_svc.cases.store import AttemptRules
from validation_svc.listing.routes import listing_routes
from validation_svc.next_case.routes import next_routes
from validation_svc.releases.release_cases import keep_releasing
from validation_svc.settings import Settings
from validation_svc.subscriptions import SUBSCRIPTIONS

# Leads, projects and partners: others make them.
HEARS_OF = ("lead", "prj", "ptr")


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/validation-svc", max_size=settings.database_pool
    )
    attempts = AttemptRules(settings.validation_max_attempts, timedelta(minutes=settings.validation_retry_minutes))
    lease = timedelta(minutes=settings.validation_lease_minutes)
    routes = [
        listing_routes(database),
        case_routes(database, attempts=attempts, lease=lease),
        next_routes(database, lease=lease),
        billing_routes(database),
    ]
    return App(
        name="validation-svc",
        database=database,
        http=create_http("validation-svc", database, settings.verifier(), routes, audit=RULES, hears_of=HEARS_OF),
        subscriptions=SUBSCRIPTIONS,
        tasks=[
            partial(keep_releasing, database),
            partial(watch_dead_letters, "validation-svc", database, AlarmRaisedV1),
        ],
    )
