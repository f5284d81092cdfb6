"""Settings that are wrong refuse to boot, and say which."""

from typing import Any

import pytest
from identity_svc.settings import Settings
from pydantic import ValidationError
from servicekit.testing import TEST_KEY_SET, TEST_PRIVATE_KEY

WHOLE = {
    "database_url": "postgresql://x",
    "identity_keys": TEST_KEY_SET,
    "identity_private_key": TEST_PRIVATE_KEY,
    "public_url": "https://leads.example.org/",
    "oidc_issuer": "https://login.example.org/realm",
    "oidc_client_id": "leadwire",
    "oidc_client_secret": "a secret",
}


def test_g6_1_single_sign_on_is_all_or_nothing():
    assert Settings.model_validate(WHOLE).provider() is not None
    assert Settings.model_validate({name: WHOLE[name] for name in list(WHOLE)[:3]}).provider() is None
    for missing in ("public_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret"):
        with pytest.raises(ValidationError, match="single sign-on needs"):
            Settings.model_validate({name: value for name, value in WHOLE.items() if name != missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://login.example.org"},
        {"oidc_issuer": "https://login.example.org?tenant=1"},
        {"oidc_issuer": "https://user:word@login.example.org"},
        {"oidc_issuer": "ftp://login.example.org"},
        {"public_url": "http://leads.example.org"},
        {"public_url": "http://localhost.evil.test"},
        {"public_url": "https://leads.example.org/#x"},
        {"oidc_algorithms": ["none"]},
        {"oidc_algorithms": ["RS256", "HS256"]},
        {"second_factor_key": "too short"},
    ],
)
def test_what_is_not_safe_refuses_to_boot(wrong: dict[str, Any]):
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(WHOLE | wrong)
    assert all(str(value) not in str(refused.value) for value in wrong.values() if isinstance(value, str))


def test_empty_variables_are_not_set(monkeypatch: pytest.MonkeyPatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(f"LEADWIRE_{name.upper()}", value if name in list(WHOLE)[:3] else "")
    assert Settings().provider() is None  # pyright: ignore[reportCallIssue] -- its fields come from the environment
