"""What identity-svc is made of."""

import json
from functools import partial

from fastapi import APIRouter, Response
from messaging.database import Database
from servicekit.app import App
from servicekit.http import create_http, router
from servicekit.passwords import Passwords

from identity_svc.sessions.authenticate import Authenticate
from identity_svc.sessions.cleanup import keep_clean
from identity_svc.sessions.routes import sessions
from identity_svc.sessions.sign_in import SignIn
from identity_svc.settings import Settings
from identity_svc.subscriptions import SUBSCRIPTIONS
from identity_svc.users.routes import users

NAME = "identity-svc"


async def build(settings: Settings) -> App:
    signer = settings.signer()
    database = await Database.connect(
        settings.database_url.get_secret_value(), source=f"/leadwire/{NAME}", max_size=settings.database_pool
    )
    http = create_http(NAME, database, settings.verifier(), [users, sessions, _keys(settings)])
    http.state.passwords = Passwords()
    http.state.sign_in = SignIn(database, http.state.passwords, settings.session_lifetime)
    http.state.authenticate = Authenticate(database, signer)
    return App(
        name=NAME,
        database=database,
        http=http,
        subscriptions=SUBSCRIPTIONS,
        tasks=[partial(keep_clean, database)],
    )


def _keys(settings: Settings) -> APIRouter:
    """The public keys, for whoever wants to verify identities."""
    keys = router(tags=["operations"])
    document = json.dumps(json.loads(settings.identity_keys))

    @keys.get("/.well-known/jwks.json", response_class=Response)
    async def get_keys() -> Response:
        return Response(document, media_type="application/jwk-set+json", headers={"Cache-Control": "max-age=300"})

    return keys
