"""What validation-svc is made of."""

from messaging.database import Database
from servicekit.app import App
from servicekit.http import create_http

from validation_svc.cases.routes import case_routes
from validation_svc.settings import Settings
from validation_svc.subscriptions import SUBSCRIPTIONS


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source="/leadwire/validation-svc", max_size=settings.database_pool
    )
    routes = case_routes(database, max_attempts=settings.validation_max_attempts)
    http = create_http("validation-svc", database, settings.verifier(), [routes])
    return App(name="validation-svc", database=database, http=http, subscriptions=SUBSCRIPTIONS)
