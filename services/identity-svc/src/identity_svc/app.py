"""What identity-svc is made of."""

from functools import partial

from contracts.events.identity import AlarmRaisedV1
from fastapi import APIRouter, Response
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http, router
from servicekit.passwords import Passwords
from servicekit.settings import read_key_set
from servicekit.watched_file import watched

from identity_svc.api_tokens.routes import api_tokens
from identity_svc.audit.routes import audit
from identity_svc.audit_rules import RULES
from identity_svc.me.change_password import ChangePassword
from identity_svc.me.routes import me
from identity_svc.second_factor.routes import second_factor
from identity_svc.second_factor.second_factor import SecondFactor
from identity_svc.sessions.authenticate import Authenticate
from identity_svc.sessions.cleanup import keep_clean
from identity_svc.sessions.password_check import PasswordCheck
from identity_svc.sessions.routes import sessions
from identity_svc.sessions.sign_in import SignIn
from identity_svc.settings import Settings
from identity_svc.single_sign_on.routes import single_sign_on
from identity_svc.single_sign_on.sign_on import SignOn
from identity_svc.subscriptions import SUBSCRIPTIONS
from identity_svc.users.routes import users

NAME = "identity-svc"


async def build(settings: Settings) -> App:
    signer = settings.signer()
    provider = settings.provider()
    database = await Database.connect(
        settings.database_url.get_secret_value(), source=f"/leadwire/{NAME}", max_size=settings.database_pool
    )
    http = create_http(
        NAME,
        database,
        settings.verifier(),
        # Sessions first: routes are tried in their order, and the gateway asks at every request.
        [sessions, users, me, second_factor, api_tokens, single_sign_on, audit, _keys(settings)],
        audit=RULES,
        restricted="none",  # people's own records: nothing is a sponsor's, a partner's or an agent's
    )
    passwords = Passwords()
    check_password = PasswordCheck(database, passwords)
    second = SecondFactor(settings.sealer())
    sign_in = SignIn(database, check_password, second, settings.session_lifetime)
    http.state.passwords = passwords
    http.state.check_password = check_password
    http.state.second_factor = second
    http.state.sign_in = sign_in
    http.state.change_password = ChangePassword(database, passwords, check_password, sign_in)
    http.state.sign_on = SignOn(database, provider, sign_in) if provider is not None else None
    http.state.authenticate = Authenticate(database, signer, settings.session_idle_timeout)
    http.state.session_idle_timeout = settings.session_idle_timeout
    http.state.only_https = settings.only_https()
    return App(
        name=NAME,
        database=database,
        http=http,
        subscriptions=SUBSCRIPTIONS,
        tasks=[
            partial(keep_clean, database, settings.session_idle_timeout),
            partial(watch_dead_letters, NAME, database, AlarmRaisedV1),
        ],
    )


def _keys(settings: Settings) -> APIRouter:
    """The public keys, for whoever wants to verify identities."""
    keys = router(tags=["operations"])
    document = watched(settings.identity_keys, _checked, begins="{")

    @keys.get("/.well-known/jwks.json", response_class=Response)
    async def get_keys() -> Response:
        return Response(document(), media_type="application/jwk-set+json", headers={"Cache-Control": "max-age=60"})

    return keys


def _checked(document: str) -> str:
    """Raises ValueError for what is no set of public keys: a private one would be served to everybody."""
    read_key_set(document)
    return document
