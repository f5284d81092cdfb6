"""Patterns, line types and postcodes (I2.17): pure."""

import time

import pytest
from lead_intake_svc.checks.phone_type import line_type
from lead_intake_svc.checks.postcodes import fits
from lead_intake_svc.reference.patterns import matcher


def test_i2_17_no_pattern_takes_more_time_than_the_text_is_long():
    evil = matcher("(a*)*(a*)*b")
    began = time.process_time()
    assert not evil("a" * 20_000)
    assert time.process_time() - began < 5  # a backtracking engine would need longer than the sun has left
    assert not matcher("(")("(")
    assert not matcher("a")("a\n")


@pytest.mark.parametrize(
    ("phone", "kind"),
    [("+358600123456", "premium_rate"), ("+358401234567", "mobile"), ("+358800123456", "toll_free"),
     ("+12125550123", "fixed_or_mobile")],
)  # fmt: skip
def test_i2_17_the_line_type_is_told_by_the_digits(phone: str, kind: str):
    assert line_type(phone) == kind


@pytest.mark.parametrize(
    ("postcode", "country", "fit"),
    [
        ("00100", "FI", True), ("FI-00100", "FI", True), ("0100", "FI", False), ("SW1A 1AA", "GB", True),
        ("sw1a1aa", "GB", True), ("SW1A", "GB", False), ("123 45", "SE", True), ("1234", "SE", False),
        ("1012 AB", "NL", True), ("1012 SS", "NL", False), ("K1A 0B1", "CA", True), ("12345-6789", "US", True),
        ("anything", "HK", True), ("D02 X285", "IE", True), ("80-001", "PL", True), ("١٢٣٤٥", "DE", False),
    ],
)  # fmt: skip
def test_i2_17_postcodes_are_those_of_the_country(postcode: str, country: str, fit: bool):
    assert fits(postcode, country) is fit
