"""`Idempotency-Key` on POST: the answer is stored in the effect's own transaction, and given again on a repeat."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork

from servicekit.audit.edge import audited
from servicekit.identity import HEADER, current_identity
from servicekit.newcomers import patiently
from servicekit.own_transactions import why_own
from servicekit.problems import DomainError, Kind, invalid
from servicekit.strict_json import parse
from servicekit.unavailable import UNAVAILABLE

logger = logging.getLogger(__name__)

KEY_HEADER = "idempotency-key"
MAX_KEY_LENGTH = 255
CREATE_TABLES: tuple[str, ...] = (
    """
    CREATE TABLE idempotency_keys (
        caller text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status smallint NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (caller, key)
    )
    """,
    "CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)",
)
_DELETE_OLD = """
DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '24 hours' LIMIT 5000
))
"""
_DELETE_ABOUT = """
DELETE FROM idempotency_keys
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS about (id) WHERE position(about.id IN body) > 0)
"""
CLEAN_EVERY_SECONDS = 600
_FIND = """
SELECT fingerprint, status, headers, body FROM idempotency_keys
WHERE caller = $1 AND key = $2 AND created_at >= now() - interval '24 hours'
"""
_STORE = """
INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (caller, key) DO UPDATE SET fingerprint = $3, status = $4, headers = $5, body = $6, created_at = now()
"""
_rooms: WeakKeyDictionary[Database, asyncio.Semaphore] = WeakKeyDictionary()
_KEPT_HEADERS = ("content-type", "etag", "location")


class StrictRequest(Request):
    """A request whose JSON is parsed strictly, once."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = parse(await self.body())
        return self._strict_json


class Route(APIRoute):
    """The route class of every router: strict JSON, audit, and idempotency where the header is sent with a POST.

    An endpoint whose answer shows a secret once says with `answer_to_keep` what a repeat is given: `without("key")`.
    One that stores its answers itself, or whose answer must not be kept, says `handles_idempotency`.
    A request with a key has a connection as long as it runs. So that there is always one for what it may need beside
    that, and for everybody else, such requests have half of the pool among them, and wait for each other.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = audited(super().get_route_handler())

        async def handle_strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            key = strict.headers.get(KEY_HEADER)
            handles_it = getattr(self.endpoint, "handles_idempotency", False) or why_own(self.endpoint) is not None
            # Without credentials there is nobody whose answer could be given again.
            if key is None or strict.method != "POST" or handles_it or not _has_credentials(strict):
                return await patiently(strict, handle)
            kept = getattr(self.endpoint, "answer_to_keep", bytes)
            return await patiently(strict, lambda again: _handle_once(again, key, handle, kept))

        return handle_strictly


async def _handle_once(
    request: Request,
    key: str,
    handle: Callable[[Request], Awaitable[Response]],
    answer_to_keep: Callable[[bytes], bytes],
) -> Response:
    """`answer_to_keep` takes out of an answer what must not be stored, such as a secret that is shown once."""
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise invalid("idempotency-key-invalid", f"The key must have 1 to {MAX_KEY_LENGTH} characters.")
    database: Database = request.app.state.database
    caller = caller_of(request)
    asked = f"{request.url.path}\n{request.url.query}\n".encode() + await request.body()
    # A body may hold a password. Of the key only a hash is kept, so nobody who reads the table can try passwords.
    fingerprint = hmac.digest(key.encode(), asked, hashlib.sha256)
    key = hashlib.sha256(key.encode()).hexdigest()
    async with _room_in(database), database.shared_unit_of_work() as work:
        await lock_key(work, caller, key)
        stored = await work.fetchrow(_FIND, caller, key)
        if stored is not None:
            if stored["fingerprint"] != fingerprint:
                raise invalid("idempotency-key-reused", "The key was used before with another request.")
            headers = {**stored["headers"], "Idempotent-Replayed": "true"}
            return Response(stored["body"], stored["status"], headers)
        response = await handle(request)
        kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = answer_to_keep(bytes(response.body))
        await work.execute(_STORE, caller, key, fingerprint, response.status_code, kept, body)
        return response


def _room_in(database: Database) -> asyncio.Semaphore:
    room = _rooms.get(database)
    if room is None:
        room = _rooms[database] = asyncio.Semaphore(max(database.max_size // 2, 1))
    return room


def without(field: str) -> Callable[[bytes], bytes]:
    """For `answer_to_keep`: a repeat learns that it was done, and finds null where the secret was."""

    def keep(answer: bytes) -> bytes:
        document = msgspec.json.decode(answer)
        return msgspec.json.encode({**document, field: None}) if field in document else answer

    return keep


def _has_credentials(request: Request) -> bool:
    return HEADER in request.headers or "authorization" in request.headers


def caller_of(request: Request) -> str:
    """A stable name of whoever calls: keys of different callers never meet. Holds no secret."""
    if request.headers.get(HEADER):
        return current_identity(request).user_id
    return hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()


async def lock_key(work: UnitOfWork, caller: str, key: str) -> None:
    """Raises 409 while another request with the key is still running."""
    if not await work.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"{caller}\n{key}"):
        raise DomainError(
            Kind.CONFLICT, "idempotency-in-progress", "The same request is still running.", headers={"Retry-After": "1"}
        )


async def forget_old_answers(database: Database) -> None:
    """In portions, so that no lock is held for long."""
    while not (await database.pool.execute(_DELETE_OLD)).endswith(" 0"):
        pass


async def forget_answers(work: UnitOfWork, ids: Sequence[str]) -> int:
    """Erasure: removes every kept answer that names one of `ids`; says how many."""
    return int((await work.execute(_DELETE_ABOUT, [one.encode() for one in ids])).rsplit(" ", 1)[1])


async def keep_clean(database: Database) -> None:
    """Until cancelled."""
    while True:
        try:
            await forget_old_answers(database)
        except UNAVAILABLE as error:
            logger.warning("old answers stay a while: %s", type(error).__name__)
        await asyncio.sleep(CLEAN_EVERY_SECONDS)
