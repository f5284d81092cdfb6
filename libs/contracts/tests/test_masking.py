"""A person in an event that must not name them (I2.27)."""

import msgspec
import pytest
from contracts.masking import masked_address, masked_number, names, without

NUMBER = masked_number("358", "401112221")
ADDRESS = masked_address("maija.v@example.com")


@pytest.mark.parametrize(
    "text",
    ["+358401112221", "0401112221", "040 111 2221", "(040) 111-2221", "+358 (0)40 111 2221", "00358 40 1112221",
     "call 040/111 22 21, mornings", "1: 040 111 2221"],
)  # fmt: skip
def test_i2_27_a_number_is_found_however_it_is_written(text: str):
    assert names(text, [ADDRESS, NUMBER])
    assert "2221" not in without(text, [NUMBER]).replace(" ", "")


@pytest.mark.parametrize(
    "text", ["+46401112221", "0046 40 111 2221", "0401112222", "04011122210", "040 111    2221", "401112", "", "@"]
)
def test_i2_27_other_numbers_are_left_alone(text: str):
    assert not names(text, [NUMBER, ADDRESS])
    assert without(text, [NUMBER, ADDRESS]) == text


def test_i2_27_an_address_is_found_in_any_case_and_only_whole():
    assert names("Write to Maija.V@Example.COM.", [ADDRESS])
    assert without("x;maija.v@example.com;y", [ADDRESS]) == "x;;y"
    for text in ("maijaxv@example.com", "a.maija.v@example.com", "maija.v@example.com.au", "maija.v@example.community"):
        assert not names(text, [ADDRESS])


def test_i2_27_nobody_is_named_and_no_two_events_can_be_compared():
    written = msgspec.json.encode([NUMBER, ADDRESS])
    assert b"401112221" not in written
    assert b"maija" not in written
    assert masked_number("358", "401112221").digest != NUMBER.digest
