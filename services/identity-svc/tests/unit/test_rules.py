"""G6.1, G6.2 rules: pure."""

import pytest
from identity_svc.sessions.tokens import account_target, address_target, csrf_fits, csrf_token, new_token
from identity_svc.settings import Settings
from identity_svc.users.model import AccessLevel, Profile, changed_profile, default_permissions, missing_scope
from servicekit.keys import generate_signing_key, public_key_set

AGENT = Profile(
    email="ann@example.test",
    name="Ann",
    access_level=AccessLevel.LEADS_AGENT,
    permissions=("queue.request",),
    sponsor_id=None,
    partner_id=None,
    active=True,
)


def test_g6_1_a_new_level_brings_its_usual_permissions_unless_others_are_given():
    assert changed_profile(AGENT, {"name": "Anna"}).permissions == ("queue.request",)
    raised = changed_profile(AGENT, {"access_level": AccessLevel.SUPERVISOR})
    assert list(raised.permissions) == default_permissions(AccessLevel.SUPERVISOR)
    assert changed_profile(AGENT, {"access_level": AccessLevel.ADMIN, "permissions": ["a"]}).permissions == ("a",)
    assert list(changed_profile(AGENT, {"permissions": None}).permissions) == default_permissions(
        AccessLevel.LEADS_AGENT
    )


@pytest.mark.parametrize("level", AccessLevel)
def test_g6_1_only_sponsors_and_partners_need_a_scope(level: AccessLevel):
    needed = {AccessLevel.PARTNER: "partner_id"}.get(level)
    assert missing_scope(changed_profile(AGENT, {"access_level": level})) == needed


def test_g6_2_tokens_are_long_never_alike_and_never_like_partner_keys():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("ses_") and len(token) == 47 for token in tokens)


def test_g6_2_a_csrf_token_fits_its_session_only():
    one, two = new_token(), new_token()
    assert csrf_fits(one, csrf_token(one))
    assert not csrf_fits(one, csrf_token(two))
    assert not csrf_fits(one, "")
    assert not csrf_fits(one, "é")


def test_one_network_of_ipv6_counts_as_one_address():
    assert address_target("2001:db8::1") == address_target("2001:db8::ffff:1")
    assert address_target("2001:db8::1") != address_target("2001:db8:0:1::1")
    assert address_target("192.0.2.1") != address_target("192.0.2.2")
    assert address_target("ann@example.test") != account_target("ann@example.test")


def test_a_key_that_no_service_knows_refuses_to_boot():
    mine, other = generate_signing_key(), generate_signing_key()
    settings = {"database_url": "postgresql://x", "identity_private_key": mine}
    Settings.model_validate(settings | {"identity_keys": public_key_set(mine)}).signer()
    with pytest.raises(ValueError, match="public half"):
        Settings.model_validate(settings | {"identity_keys": public_key_set(other)}).signer()
    in_one_line = {"identity_private_key": mine.replace("\n", "\\n"), "identity_keys": public_key_set(mine)}
    Settings.model_validate(settings | in_one_line).signer()
