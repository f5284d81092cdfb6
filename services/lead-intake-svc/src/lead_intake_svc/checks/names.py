"""Names: catches what nobody is called, and insults nobody. Hyphens, apostrophes, single letters, particles and
every script of the world pass.
"""

import re
from collections.abc import Iterator

from lead_intake_svc.checks.problem import Finding

# Null, Test*er*, Foo, Na and Fake are real names, so they are not here.
_TEST_WORDS = frozenset(
    [
        "test",
        "testing",
        "asdf",
        "asdfg",
        "asdfgh",
        "qwerty",
        "qwertz",
        "foobar",
        "dummy",
        "undefined",
        "unknown",
        "anonymous",
        "noname",
        "n/a",
        "xxx",
        "xyz",
        "abc",
        "abcd",
        "firstname",
        "lastname",
        "etunimi",
        "sukunimi",
    ]
)
_REPEATED = re.compile(r"(\w)\1{3,}", re.IGNORECASE)
_ODD = re.compile(r"[0-9@#$%^*=+<>{}\[\]|\\~_;?\"€£]|https?:|www\.", re.IGNORECASE)


def check_names(first: str | None, last: str | None) -> Iterator[Finding]:
    for field, name in (("/first_name", first), ("/last_name", last)):
        if name:
            yield from _check_one(field, name)
    if first and last:
        if first.casefold() == last.casefold() and len(first) > 1:
            yield Finding("name", "name-same-twice", "/last_name", "First and last name are the same.")
    elif not first and not last:
        yield Finding("name", "name-missing", "/last_name", "There is no name.")


def _check_one(field: str, name: str) -> Iterator[Finding]:
    if name.casefold() in _TEST_WORDS:
        yield Finding("name", "name-test-data", field, "This looks like test data.")
    elif _REPEATED.search(name):
        yield Finding("name", "name-repeated-characters", field, "One character is repeated too often.")
    elif _ODD.search(name) or not any(character.isalpha() for character in name):
        yield Finding("name", "name-odd-characters", field, "There are characters that names do not have.")
