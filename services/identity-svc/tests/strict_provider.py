"""A program: oidc-provider-mock on the port of its first argument, as strict as a provider should be.

The package itself looks at no `code_challenge`. Here Authlib's own check of PKCE is added, with S256 and without
exception; a nonce is asked for, and with a second argument clients have to be registered, with their redirect URIs.
"""

import os
import sys
from typing import Any

import uvicorn
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from oidc_provider_mock import _app  # pyright: ignore[reportPrivateUsage] -- its grant is named nowhere else

_challenges: dict[str, str] = {}


class _Challenge(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 -- as Authlib declares it

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with S256 is asked for")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: Any) -> str:
        return _challenges[authorization_code.code]

    def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:  # noqa: ARG002 -- Authlib's
        return "S256"


class _Grant(_app.AuthorizationCodeGrant):
    def __init__(self, request: Any, server: Any) -> None:
        super().__init__(request, server)
        _Challenge()(self)

    def save_authorization_code(self, code: str, request: Any) -> None:
        super().save_authorization_code(code, request)
        _challenges[code] = request.payload.data["code_challenge"]


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    _app.AuthorizationCodeGrant = _Grant
    strict = _app.app(require_nonce=True, require_client_registration=len(sys.argv) > 2)
    uvicorn.run(strict, interface="wsgi", port=int(sys.argv[1]), log_config=None)
