"""V4.6: notes, and the file that they are exported in."""

import csv
import io
from typing import Any

import pytest
from contracts.events.values import Person
from servicekit.testing import ServiceUnderTest
from validation_svc.listing.notes_text import split_notes

EXPORT = "/v1/validation/export"
NOTES = ["no answer", "busy; later", 'said "no"', "one\ntwo\r\nthree", "=SUM(A1)", "+358", "@x", ";"]
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def read(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize("delimiter", sorted(DELIMITERS))
async def test_v4_6_every_note_comes_back_out_of_the_file(
    service: ServiceUnderTest, make_lead: Any, decide: Any, tell_project: Any, delimiter: str
):
    """Whatever the delimiter."""
    await service.deliver(make_lead())
    await tell_project(1, max_attempts=100)
    for note in NOTES:
        assert (await decide("lead_0001", "unconfirmed", note=note)).status_code == 200
    answer = await service.http.get(EXPORT, params={"delimiter": delimiter}, headers=service.headers())
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    [row] = read(answer.text, DELIMITERS[delimiter])
    assert split_notes(row["Notes"]) == NOTES


async def test_v4_6_no_cell_of_the_file_begins_a_formula(service: ServiceUnderTest, make_lead: Any):
    """RFC 4180 with CRLF; what strangers wrote is neutralised."""
    evil = Person(first_name="=cmd|' /C calc'!A0", last_name="@SUM(1)", phone="+358401234567", email="-x@example.com")
    await service.deliver(make_lead(1, person=evil, comments="\t=1+1"))
    answer = await service.http.get(EXPORT, headers=service.headers())
    assert answer.text.endswith("\r\n")
    [row] = read(answer.text)
    assert row["First Name"] == "'=cmd|' /C calc'!A0"
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


async def test_v4_3_the_file_has_the_columns_of_the_callers_projection(service: ServiceUnderTest, make_lead: Any):
    await service.deliver(make_lead())
    validators = await service.http.get(EXPORT, headers=service.headers("call_centre"))
    assert "secret" not in validators.text
    assert "990077" not in validators.text
    [row] = read((await service.http.get(EXPORT, headers=service.headers())).text)
    assert (row["Partner"], row["Order Total (minor units)"]) == ("ptr_secret", "990077")


async def test_v4_6_the_file_follows_the_filters_and_has_every_case_once(service: ServiceUnderTest, fill: Any):
    """More than two portions, oldest first."""
    await fill(1201)
    rows = read((await service.http.get(EXPORT, headers=service.headers("call_centre"))).text)
    assert [row["Lead"] for row in rows] == [f"lead_{n:05}" for n in range(1, 1202)]
    none = await service.http.get(EXPORT, params={"status": "confirmed"}, headers=service.headers())
    assert read(none.text) == []
    assert none.text.startswith("Received,First Name,")


@pytest.mark.parametrize("query", ["delimiter=%3A", "status=odd", "limit=5", "partner_id="])
async def test_odd_exports_are_refused(service: ServiceUnderTest, query: str):
    assert (await service.http.get(f"{EXPORT}?{query}", headers=service.headers())).status_code == 422
