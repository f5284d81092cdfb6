"""Passwords that are guessed first: those of breaches, and those made of the account's own words. Pure."""

import re
from functools import cache
from importlib.resources import files

PRODUCT = "leadwire"
# Of the account's own words, shorter ones are in too many good passwords.
_SHORTEST_WORD = 4
# What has to be left of a password when those words are taken out of it.
_LEAST_LEFT = 6
_ODD = re.compile(r"^\W+|\W+$")


def why_easy(password: str, email: str, name: str) -> str | None:
    """What is wrong with a password that somebody wants to set; None for one that may be set."""
    folded = password.casefold()
    if not _common().isdisjoint({folded, _ODD.sub("", folded)}):
        return "It is one of the passwords that everybody tries first."
    left = folded
    for word in sorted(own_words(email, name), key=len, reverse=True):
        left = left.replace(word, "")
    if left != folded and len(left) < _LEAST_LEFT:
        return "It is little more than the name, the e-mail address or the name of this product."
    return None


def own_words(email: str, name: str) -> set[str]:
    """The product's name, the parts of a person's name and e-mail address, and the mailbox as a whole."""
    mailbox, _, domain = email.casefold().partition("@")
    words = {mailbox, *re.split(r"[\W_]+", f"{mailbox} {name.casefold()} {domain.rpartition('.')[0]}")}
    return {PRODUCT, *(word for word in words if len(word) >= _SHORTEST_WORD)}


@cache
def _common() -> frozenset[str]:
    lines = files("identity_svc.users").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
