"""Names: catches what nobody is called, and insults nobody. Hyphens, apostrophes, single letters, particles and
every script of the world pass.
"""

import re
from collections.abc import Iterator
from typing import Final

from lead_intake_svc.checks.problem import Finding
from lead_intake_svc.checks.subject import Rules, Subject

# Null, Test*er*, Foo, Na and Fake are real names, so they are not here.
_TEST_WORDS: Final = frozenset({
    "test", "testing", "asdf", "asdfg", "asdfgh", "qwerty", "qwertz", "foobar", "dummy", "undefined", "unknown",
    "anonymous", "noname", "n/a", "xxx", "xyz", "abc", "abcd", "firstname", "lastname", "etunimi", "sukunimi",
})  # fmt: skip
_REPEATED = re.compile(r"(\w)\1{3,}", re.IGNORECASE)
_ODD = re.compile(r"[0-9@#$%^*=+<>{}\[\]|\\~_;?\"€£]|https?:|www\.", re.IGNORECASE)


def check_names(subject: Subject, rules: Rules) -> Iterator[Finding]:
    level, first, last = rules.levels["names"], subject.sent.first_name, subject.sent.last_name
    for field, name in (("/first_name", first), ("/last_name", last)):
        fault = _fault(name, rules.settings.suppressed_names) if name else None
        if fault is not None:
            yield Finding(level, fault[0], field, fault[1])
    if first and last:
        if first.casefold() == last.casefold() and len(first) > 1:
            yield Finding(level, "name-same-twice", "/last_name", "First and last name are the same.")
    elif not first and not last:
        yield Finding(level, "name-missing", "/last_name", "There is no name.")


def _fault(name: str, suppressed: frozenset[str]) -> tuple[str, str] | None:
    folded = name.casefold()
    if folded in _TEST_WORDS:
        return "name-test-data", "This looks like test data."
    if folded in suppressed:
        return "name-suppressed", "This project takes nobody of that name."
    if _REPEATED.search(name):
        return "name-repeated-characters", "One character is repeated too often."
    if _ODD.search(name) or not any(character.isalpha() for character in name):
        return "name-odd-characters", "There are characters that names do not have."
    return None
