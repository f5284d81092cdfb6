"""security.md: no write of the platform is done for a cookie alone, whosoever page makes the browser send it."""

import pytest

from authorisation import matrix
from authorisation.side import PASSWORD
from authorisation.walking import Walk
from authorisation.world import World

# They take a password, and no cookie, for who it is.
BY_PASSWORD = {"POST /v1/sessions", "POST /v1/sessions/totp"}
WRITES = sorted(operation for operation in matrix.operations() if not operation.startswith("GET "))


@pytest.mark.parametrize("operation", sorted({*WRITES} - BY_PASSWORD))
async def test_a_write_by_cookie_needs_the_csrf_token_of_its_own_session(
    walk: Walk, world: World, operation: str
) -> None:
    """Without one, and with a stranger's: before anything is looked at, let alone changed."""
    method, path = operation.split(" ")
    session = world.callers["admin"].headers["Authorization"].removeprefix("Bearer ")
    foreign = world.callers["partner"].headers["Authorization"].removeprefix("Bearer ")
    http = world.callers["anonymous"].http
    for token in (None, "", foreign, PASSWORD):
        headers = {"Cookie": f"leadwire_session={session}"} | ({} if token is None else {"X-CSRF-Token": token})
        answer = await http.request(method, path.replace("{", "").replace("}", ""), headers=headers, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-token-invalid")
