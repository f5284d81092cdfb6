"""What tests of intake, here and of the whole platform's speed, start from. Needs the development dependencies."""

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import httpx2
from contracts.events.sponsor import DuplicateRules, ProjectCreatedV1
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest

from lead_intake_svc.settings import Settings

PEPPER: Final = "a pepper that only the tests know, 32 and more"


def settings_for(url: str) -> Settings:
    return Settings(
        database_url=SecretStr(url), identity_keys=TEST_KEY_SET, key_pepper=SecretStr(PEPPER), import_bytes=16 * 1024**2
    )


def environment_for(url: str) -> dict[str, str]:
    """The same settings, for a process."""
    return {
        "LEADWIRE_DATABASE_URL": url,
        "LEADWIRE_IDENTITY_KEYS": TEST_KEY_SET,
        "LEADWIRE_KEY_PEPPER": PEPPER,
    }


_numbers = count(1)
PARTNER: dict[str, Any] = {
    "name": "Acme Leads",
    "contact_person": "Ada Seller",
    "email": "sales@acme.example.com",
    "sells_leads": True,
}


def lead(**changes: Any) -> dict[str, Any]:
    """The body of a push that passes all checks; a new person every time."""
    n = next(_numbers)
    body = {
        "external_id": f"ext-{n}",
        "project_id": "prj_a",
        "first_name": "Maija",
        "last_name": "Virtanen",
        "phone": f"+35840{1000000 + n}",
        "email": f"maija{n}@example.com",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@dataclass(frozen=True)
class World:
    """A service with the project `prj_a`, a partner and its key."""

    service: ServiceUnderTest
    partner_id: str
    key: str

    @property
    def http(self) -> httpx2.AsyncClient:
        return self.service.http

    async def push(self, body: Any = None, *, key: str | None = None, **changes: Any) -> httpx2.Response:
        sent = body if body is not None else lead(**changes)
        return await self.http.post("/v1/leads", json=sent, headers=bearer(key or self.key))

    async def accepted(self, **changes: Any) -> dict[str, Any]:
        response = await self.push(**changes)
        if response.status_code != 201 or response.json()["status"] != "accepted":
            raise AssertionError(response.text)
        return dict(response.json())

    async def project(self, project_id: str = "prj_a", sequence: int = 1, **fields: Any) -> None:
        fields.setdefault("duplicates", DuplicateRules())
        fields = {"name": project_id, "kind": "outbound", "state": "active", **fields}
        await self.service.deliver(ProjectCreatedV1(project_id=project_id, **fields), sequence=sequence)
        await self.noticed()

    async def partner(self, **changes: Any) -> str:
        created = await self.http.post("/v1/partners", json=PARTNER | changes, headers=self.service.headers())
        created.raise_for_status()
        return str(created.json()["id"])

    async def issue(self, partner_id: str, **options: Any) -> str:
        path = f"/v1/partners/{partner_id}/api-keys"
        issued = await self.http.post(path, json=options, headers=self.service.headers())
        issued.raise_for_status()
        return str(issued.json()["key"])

    async def database(self) -> str:
        """The name of the service's database, for a second process of the service."""
        name: str = await self.service.db.pool.fetchval("SELECT current_database()")
        return name

    async def rows(self, query: str, *args: Any) -> list[Any]:
        return await self.service.db.pool.fetch(query, *args)

    async def import_files(self) -> None:
        """What the worker's task does, until no file waits."""
        while await self.service.app.http.state.importer.work_once():
            pass

    async def noticed(self) -> None:
        """Returns when the service's copy of the reference data is fresh; elsewhere that takes half a second."""
        await self.service.app.http.state.reference.reload()

    async def count(self, table: str) -> int:
        return int(await self.service.db.pool.fetchval(f"SELECT count(*) FROM {table}"))

    async def traces(self, *words: str) -> list[str]:
        """The tables whose rows hold one of the words, as text or inside of bytes."""
        tables = await self.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        found: list[str] = []
        for table in (row["name"] for row in tables):
            for word in words:
                text = f"SELECT EXISTS (SELECT FROM {table} AS t WHERE t::text ILIKE $1 OR t::text LIKE $2)"
                if await self.service.db.pool.fetchval(text, f"%{word}%", f"%{word.encode().hex()}%"):
                    found.append(f"{table}: {word}")
        return sorted(found)


async def make_world(service: ServiceUnderTest) -> World:
    empty = World(service, "", "")
    await empty.project()
    partner_id = await empty.partner()
    return World(service, partner_id, await empty.issue(partner_id))
