"""G6.1 Passwords that are guessed first (ASVS 6.2.4, 6.2.11)."""

import pytest
from identity_svc.users.easy_passwords import _common, own_words, why_easy  # pyright: ignore[reportPrivateUsage]

EMAIL, NAME = "ann.korhonen@acme-calls.example", "Ann Korhonen"


def test_g6_1_the_list_is_longer_than_the_3000_that_asvs_asks_for():
    assert len(_common()) > 7000
    assert all(len(password) >= 8 and password == password.casefold() for password in _common())


@pytest.mark.parametrize("password", ["password", "PassWord1", "12345678", "iloveyou!", "!!qwertyuiop", "Football1"])
def test_g6_1_what_everybody_tries_first_is_refused_in_whatever_capitals_and_with_signs_around_it(password: str):
    assert why_easy(password, EMAIL, NAME) is not None


@pytest.mark.parametrize(
    "password", ["Leadwire2026", "leadwire!", "korhonen99", "ann.korhonen@acme", "AnnKorhonen1", "Acme-Calls-1"]
)
def test_g6_1_the_accounts_own_words_are_no_password(password: str):
    assert why_easy(password, EMAIL, NAME) is not None


@pytest.mark.parametrize(
    "password",
    ["correct horse", "a-long-enough-password", "åäö åäö å", "korhonen rides a tram", "x" * 128, "8f3kq9zw", " " * 9],
)
def test_g6_1_any_other_may_be_set_of_whatever_signs(password: str):
    assert why_easy(password, EMAIL, NAME) is None


def test_g6_1_short_words_of_a_name_are_in_too_many_good_passwords():
    assert own_words(EMAIL, NAME) == {"leadwire", "korhonen", "ann.korhonen", "acme", "calls"}
