"""V4.6: notes in one cell, and out of it again."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from validation_svc.listing.notes_text import NotJoinedNotes, join_notes, split_notes

ODD = [
    "plain",
    "a; b",
    'she said "no"',
    "two\nlines\r\nthree",
    "=SUM(A1)",
    "+358",
    "-1",
    "@x",
    " spaces ",
    "",
    ";",
    '"',
]
TEXTS = st.lists(st.text(st.characters(codec="utf-8")) | st.sampled_from(ODD), max_size=8)


@given(TEXTS)
def test_v4_6_joined_notes_come_apart_again(notes: list[str]):
    joined = join_notes(notes)
    assert split_notes(joined) == notes
    assert not joined.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(TEXTS, st.sampled_from(",;\t|"))
def test_v4_6_joined_notes_survive_a_csv_file(notes: list[str], delimiter: str):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(["before", join_notes(notes), "after"])
    [row] = csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter, strict=True)
    assert split_notes(row[1]) == notes


def test_v4_6_notes_are_joined_with_a_semicolon_and_quoted_only_where_needed():
    assert join_notes(["no answer", "busy; call later", 'said "no"']) == 'no answer; "busy; call later"; "said ""no"""'


@pytest.mark.parametrize("text", ["a;b", 'a"b', '"open', "a; ", "; a", '"a"b'])
def test_text_that_is_no_joined_notes_is_refused(text: str):
    with pytest.raises(NotJoinedNotes):
        split_notes(text)
