"""Makes the demo's world at the first start, and keeps a trickle of leads coming while the platform is up."""

import asyncio
from pathlib import Path
from random import Random

import httpx2
import msgspec
from embedded.remembered import replace

from leadwire.announcement import Login
from leadwire.demo.client import Api, ApiError
from leadwire.demo.people import american_person, finnish_person
from leadwire.demo.world import DemoPartner, DemoWorld, make_world

FIRST_LEADS = 12
PAUSE_SECONDS = (3.0, 9.0)


class Demo:
    """The demo of one installation, remembered in `<data-dir>/demo.json`."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self._file = data_dir / "demo.json"
        self._http = httpx2.AsyncClient(timeout=30)
        self._api = Api(url, self._http)
        self._world: DemoWorld | None = None
        self._random = Random()
        self._pushed = 0

    async def prepare(self, admin: Login) -> list[Login]:
        """Makes the world if it is not there; returns its log-ins."""
        if self._file.exists():
            self._world = msgspec.json.decode(self._file.read_bytes(), type=DemoWorld)
        else:
            self._world = await make_world(await self._api.signed_in(admin.email, admin.password))
            replace(self._file, msgspec.json.encode(self._world).decode())
        return [Login(user.who, user.email, user.password) for user in self._world.users]

    async def trickle(self) -> None:
        """A few leads at once at the first start, then one every few seconds, until cancelled."""
        try:
            while self._world is not None:
                await self._push(self._random.choice(self._world.partners))
                if self._pushed >= FIRST_LEADS:
                    await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
        finally:
            await self._http.aclose()

    async def _push(self, partner: DemoPartner) -> None:
        person = finnish_person(self._random) if partner.country == "FI" else american_person(self._random)
        lead = {
            "external_id": f"demo-{self._random.getrandbits(60):015x}",
            "project_id": partner.project_id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
            "email": person.email,
            "order": {"number": f"D{self._random.randrange(10**6):06}", "status": "partial"},
        }
        self._pushed += 1
        try:
            await self._api.with_token(partner.key).post("/v1/leads", lead)
        except (ApiError, httpx2.HTTPError):
            await asyncio.sleep(PAUSE_SECONDS[1])
