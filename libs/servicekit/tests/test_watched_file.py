"""Settings in files are read again when they change, and a broken one changes nothing (ADR 19)."""

import os
from pathlib import Path

import pytest
from servicekit.identity import Identity, IdentityVerifier
from servicekit.keys import generate_signing_key, public_key_set, signer_of
from servicekit.problems import DomainError
from servicekit.settings import read_key_set
from servicekit.watched_file import LOOK_SECONDS, WatchedFile, watched

ONE, TWO = generate_signing_key(), generate_signing_key()
ADMIN = Identity("usr_1", "admin")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self) -> None:
        self.now += LOOK_SECONDS


def test_a_replaced_file_is_read_again_within_a_second(tmp_path: Path):
    file, clock = tmp_path / "keys", Clock()
    file.write_text("1")
    value = WatchedFile(file, int, clock)
    file.with_name("new").write_text("2")
    file.with_name("new").rename(file)
    assert value.read() == 1
    clock.tick()
    assert value.read() == 2


@pytest.mark.parametrize("broken", ["no number", None, "\udcff"])
def test_what_cannot_be_read_leaves_in_force_what_was(tmp_path: Path, broken: str | None):
    file, clock = tmp_path / "keys", Clock()
    file.write_text("1")
    value = WatchedFile(file, int, clock)
    file.unlink()
    if broken is not None:
        file.write_bytes(os.fsencode(broken))
    for _ in range(2):
        clock.tick()
        assert value.read() == 1
    file.write_text("3")
    clock.tick()
    assert value.read() == 3


def test_an_unchanged_file_stays_the_same_object(tmp_path: Path):
    file, clock = tmp_path / "keys", Clock()
    file.write_text(public_key_set(ONE))
    keys = WatchedFile(file, read_key_set, clock)
    first = keys.read()
    clock.tick()
    assert keys.read() is first


def test_a_file_that_is_missing_at_the_start_refuses_to_boot(tmp_path: Path):
    with pytest.raises(OSError, match="missing"):
        watched(str(tmp_path / "missing"), int, begins="{")
    with pytest.raises(ValueError, match="identity keys"):
        watched('{"keys": []}', read_key_set, begins="{")


def test_g6_2_what_a_removed_key_signed_is_refused_even_if_it_was_believed_a_moment_ago(tmp_path: Path):
    file, clock = tmp_path / "keys", Clock()
    file.write_text(public_key_set(ONE + TWO))
    verifier = IdentityVerifier(WatchedFile(file, read_key_set, clock).read)
    by_one, by_two = signer_of(ONE).sign(ADMIN), signer_of(TWO).sign(ADMIN)
    assert verifier.verify(by_one) == verifier.verify(by_two) == ADMIN
    file.write_text(public_key_set(TWO))
    clock.tick()
    assert verifier.verify(by_two) == ADMIN
    with pytest.raises(DomainError):
        verifier.verify(by_one)
