"""Secrets that are used again are unreadable without the key, and in any other place."""

import pytest
from servicekit.sealing import SealBroken, Sealer

KEY = "a key of at least thirty-two characters"


def test_what_is_sealed_can_be_opened_in_its_place_only() -> None:
    sealed = Sealer(KEY).seal("whsec_abc", "row_1")
    assert b"whsec" not in sealed
    assert Sealer(KEY).open(sealed, "row_1") == "whsec_abc"
    assert Sealer(KEY).seal("whsec_abc", "row_1") != sealed
    for sealer, text, place in (
        (Sealer(KEY + "!"), sealed, "row_1"),
        (Sealer(KEY), sealed, "row_2"),
        (Sealer(KEY), sealed[:-1], "row_1"),
        (Sealer(KEY), bytes([sealed[0] ^ 1]) + sealed[1:], "row_1"),
        (Sealer(KEY), b"", "row_1"),
    ):
        with pytest.raises(SealBroken):
            sealer.open(text, place)
