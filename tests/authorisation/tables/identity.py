"""identity-svc: users are for admins; who is signed in sees itself."""

from typing import Final

from authorisation.rows import EVERYBODY, SIGNED_IN, Table, may
from authorisation.side import PASSWORD, soon

_NEW = {"email": "new@matrix.test", "name": "New", "access_level": "supervisor", "active": True}
_SIGN_IN = {"email": "supervisor@matrix.test", "password": PASSWORD}
_TOKEN = {"name": "New", "expires_at": soon()}
_PROGRAM = {"user_id": "program_id"}

IDENTITY: Final[Table] = {
    "POST /v1/sessions": may(EVERYBODY, body=_SIGN_IN),
    "DELETE /v1/sessions/current": may(SIGNED_IN),
    "POST /v1/sessions/totp": may(EVERYBODY, body=_SIGN_IN),
    "GET /v1/sessions/oidc": may(EVERYBODY, may_be_absent=True),  # there is no provider here
    "GET /v1/sessions/oidc/callback": may(EVERYBODY, may_be_absent=True, query={"state": "x", "code": "x"}),
    "GET /v1/sign-in-policy": may("admin"),
    "PATCH /v1/sign-in-policy": may("admin", body={"second_factor_levels": []}),
    "GET /v1/me": may(SIGNED_IN),
    "POST /v1/me/password": may(SIGNED_IN, body={"old_password": PASSWORD, "new_password": "another-long-password"}),
    "GET /v1/me/sessions": may(SIGNED_IN),
    "DELETE /v1/me/sessions": may(SIGNED_IN),
    "DELETE /v1/me/sessions/{session_id}": may(own=SIGNED_IN, may_be_absent=True),
    "GET /v1/me/totp": may(SIGNED_IN),
    "POST /v1/me/totp": may(SIGNED_IN, body={"password": PASSWORD}),
    "POST /v1/me/totp/confirm": may(SIGNED_IN, body={"totp": "123456"}),
    "POST /v1/me/totp/recovery-codes": may(SIGNED_IN, body={"totp": "123456"}),
    "POST /v1/me/totp/remove": may(SIGNED_IN, body={"totp": "123456", "password": PASSWORD}),
    "GET /v1/me/tokens": may("integration", shows="token_id"),
    "POST /v1/me/tokens": may("integration", body=_TOKEN),
    "DELETE /v1/me/tokens/{token_id}": may(own="integration"),
    "GET /v1/users/{user_id}/tokens": may("admin", objects=_PROGRAM, shows="token_id"),
    "POST /v1/users/{user_id}/tokens": may("admin", objects=_PROGRAM, body=_TOKEN),
    "DELETE /v1/users/{user_id}/tokens/{token_id}": may("admin", objects=_PROGRAM),
    "DELETE /v1/users/{user_id}/totp": may("admin", may_be_absent=True),
    "DELETE /v1/users/{user_id}/sign-on": may("admin", may_be_absent=True),
    "GET /v1/audit": may("admin"),
    "GET /v1/audit/export": may("admin"),
    "POST /v1/users": may("admin", body=_NEW),
    "GET /v1/users": may("admin", shows="user_id"),
    "GET /v1/users/{user_id}": may("admin"),
    "PATCH /v1/users/{user_id}": may("admin", body={"name": "Other"}),
}
