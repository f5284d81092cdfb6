"""The checks at intake (I2.17): pure rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_intake_svc.checks.email import normalise_email
from lead_intake_svc.checks.phone import normalise_phone
from lead_intake_svc.checks.run import checklist_of, run_checks
from lead_intake_svc.checks.subject import Settings
from lead_intake_svc.intake.shapes import LeadInput

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def checked(
    levels: dict[str, str] | None = None, settings: Settings | None = None, /, **fields: Any
) -> list[tuple[str, str]]:
    sent = LeadInput.model_validate({"external_id": "1", "project_id": "prj_a", "last_name": "Virtanen", **fields})
    checklist = checklist_of("FI", levels or {}, settings or Settings())
    return [(finding.level, finding.code) for finding in run_checks(sent, checklist, NOW).findings]


REAL_NAMES = [
    ("Nguyễn Văn", "An"), ("Anna-Maija", "Virtanen-Kääriäinen"), ("Seán", "O'Brien"), ("Seán", "O\u2019Brien"),
    ("Jan", "van der Berg"), ("J", "Li"), ("U", "Nu"), ("李", "小龙"), ("Мария", "Иванова"), ("محمد", "العربي"),
    ("Jean-Luc", "d'Arras"), ("Mary Ann", "St. John"), ("Christopher", "Null"), ("Jon", "Tester"), ("Aaliyah", "Wu"),
    ("X Æ", "Musk"), ("Sukarno", ""), ("", "Prince"), ("Bjørn", "Ångström"), ("Zoë", "Müller-Lüdenscheidt"),
    ("Þór", "Þórsson"), ("李", ""),
    ("Siiri", "Kaarre"), ("Hawwwa", "Ooo"), ("Martin Luther", "King, Jr."), ("\u02bbAkahi", "Keali\u02bbi"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last"), REAL_NAMES)
def test_i2_17_real_people_are_not_insulted(first: str, last: str):
    assert checked(first_name=first or None, last_name=last or None, phone="0401234567") == []


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("Test", "Virtanen", "name-test-data"),
        ("asdf", "Virtanen", "name-test-data"),
        ("Maija", "qwerty", "name-test-data"),
        ("Aaaaa", "Virtanen", "name-repeated-characters"),
        ("Maija", "Maija", "name-same-twice"),
        ("M4ija", "Virtanen", "name-odd-characters"),
        ("Maija", "<b>", "name-odd-characters"),
        ("Maija", "http://x", "name-odd-characters"),
        ("Maija", "--", "name-odd-characters"),
        (None, None, "name-missing"),
    ],
)
def test_i2_17_what_nobody_is_called_is_caught(first: str | None, last: str | None, code: str):
    assert checked(first_name=first, last_name=last, phone="0401234567") == [("warn", code)]


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("040 123 4567", "FI", "+358401234567"),
        ("+46 70 123 45 67", "FI", "+46701234567"),
        ("(0)40-1234567", "FI", "+358401234567"),
        ("00358401234567", "FI", "+358401234567"),
        ("040 123", "FI", None),
        ("12345", "FI", None),
        ("+999123456789", "FI", None),
        ("abc", "FI", None),
        ("0401234567 ext. 5", "FI", None),
        ("0401234567", "ZZ", None),
    ],
)
def test_i2_17_phones_become_e164_by_region(text: str, region: str, expected: str | None):
    assert normalise_phone(text, region) == expected


def _slowly(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _examples() -> list[str]:
    kinds = [*range(11)]
    found = (phonenumbers.example_number_for_type(r, k) for r in phonenumbers.SUPPORTED_REGIONS for k in kinds)
    return [phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.E164) for n in found if n is not None]


def test_i2_17_every_regions_example_numbers_come_out_as_the_library_says():
    examples = _examples()
    assert len(examples) > 1000
    for example in examples:
        for text in (example, example[:-1], example + "1", example[:4] + "0" + example[4:]):
            assert normalise_phone(text, "FI") == _slowly(text, "FI"), "they differ"


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True))
def test_i2_17_any_international_number_comes_out_as_the_library_says(text: str):
    assert normalise_phone(text, "FI") == _slowly(text, "FI")


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"[a-zA-Z0-9_.+-]{1,20}@([a-z0-9-]{1,12}\.){1,3}(com|fi|info|test|c)", fullmatch=True))
def test_i2_17_plain_addresses_come_out_as_the_library_says(text: str):
    try:
        expected = validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        expected = None
    assert normalise_email(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maija@Example.com", "maija@example.com"),
        ("maija+tag@example.fi", "maija+tag@example.fi"),
        ("maija@exämple.fi", "maija@exämple.fi"),
        ("maija@example", None),
        ("maija example.com", None),
        ("maija@exa mple.com", None),
        ("a@b@example.com", None),
        (".maija@example.com", None),
        ("x" * 255 + "@example.com", None),
        ("maija@localhost", None),
    ],
)
def test_i2_17_addresses(text: str, expected: str | None):
    assert normalise_email(text) == expected


def test_i2_17_a_phone_or_an_email_is_needed_whatever_the_project_says():
    assert checked() == [("reject", "contact-missing")]
    assert checked({"phone": "off", "required_fields": "off"}, phone="12") == [("reject", "contact-missing")]
    assert checked(phone="0401234567") == []
    assert checked(email="a@example.com") == []
    assert checked(email="nonsense") == [("reject", "email-invalid"), ("reject", "contact-missing")]


def test_i2_17_levels_are_the_projects_and_typos_let_nothing_through():
    both = {"phone": "12", "email": "a@example.com"}
    assert checked({"phone": "warn"}, **both) == [("warn", "phone-invalid")]
    assert checked({"phone": "off"}, **both) == []
    assert checked({"phone": "of"}, **both) == [("reject", "phone-invalid")]


def test_i2_17_consent_is_looked_at_where_the_project_asks():
    contact = {"phone": "0401234567"}
    year = Settings(consent_max_age=timedelta(days=365))
    given = {days: contact | {"consent": {"given_at": NOW + timedelta(days=days)}} for days in (-366, -10, 1)}
    assert checked({}, year, **contact) == []
    assert checked({"consent": "reject"}, year, **contact) == [("reject", "consent-missing")]
    assert checked({"consent": "quarantine"}, year, **given[-366]) == [("quarantine", "consent-stale")]
    assert checked({"consent": "quarantine"}, **given[-366]) == []
    assert checked({"consent": "quarantine"}, year, **given[-10]) == []
    assert checked({"consent": "reject"}, year, **given[1]) == [("reject", "consent-in-future")]
