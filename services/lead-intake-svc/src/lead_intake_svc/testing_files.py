"""Files of leads for tests: made, sent, worked through, looked at."""

import csv
import io
from datetime import UTC
from typing import Any

import httpx2

from lead_intake_svc.imports.rows import Plan
from lead_intake_svc.testing import World, bearer

HEADER = ["Tunniste", "Etunimi", "Sukunimi", "Puhelin", "Sähköposti", "Kommentit"]


def people(count: int, start: int = 0) -> list[list[str]]:
    return [
        [f"ext-{n}", "Maija", "Mäkinen", f"040 {1000000 + n}", f"maija{n}@example.com", "Illalla; tai\naamulla"]
        for n in range(start, start + count)
    ]


def csv_of(rows: list[list[str]], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


async def send(world: World, content: bytes, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    form = {"project_id": "prj_a", **{name: str(value) for name, value in fields.items()}}
    files = {"file": ("leads.csv", content)}
    return await world.http.post("/v1/imports", data=form, files=files, headers=headers or bearer(world.key))


async def imported(world: World, content: bytes, **fields: Any) -> dict[str, Any]:
    """The import when the worker is done with it."""
    sent = await send(world, content, **fields)
    if sent.status_code != 201:
        raise AssertionError(sent.text)
    await world.import_files()
    return await look(world, sent.json()["id"])


async def look(world: World, import_id: str, what: str = "", **query: Any) -> Any:
    found = await world.http.get(f"/v1/imports/{import_id}{what}", params=query, headers=bearer(world.key))
    if found.status_code != 200:
        raise AssertionError(found.text)
    return found.json() if found.headers["content-type"].startswith("application/json") else found.text


def plan(mapping: dict[str, str], region: str = "FI") -> Plan:
    return Plan(
        columns=list(mapping),
        mapping=mapping,
        project_id="prj_a",
        contact_list_id=None,
        region=region,
        zone=UTC,
        id_prefix="f",
    )
