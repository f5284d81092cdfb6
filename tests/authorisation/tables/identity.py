"""identity-svc: users are for admins; who is signed in sees itself."""

from typing import Final

from authorisation.rows import EVERYBODY, SIGNED_IN, Table, may

_NEW = {"email": "new@matrix.test", "name": "New", "access_level": "supervisor", "active": True}
_SIGN_IN = {"email": "supervisor@matrix.test", "password": "a-long-enough-password"}

IDENTITY: Final[Table] = {
    "POST /v1/sessions": may(EVERYBODY, body=_SIGN_IN),
    "DELETE /v1/sessions/current": may(SIGNED_IN),
    "GET /v1/me": may(SIGNED_IN),
    "POST /v1/users": may("admin", body=_NEW),
    "GET /v1/users": may("admin", shows="user_id"),
    "GET /v1/users/{user_id}": may("admin"),
    "PATCH /v1/users/{user_id}": may("admin", body={"name": "Other"}),
}
