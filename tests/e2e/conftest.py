"""The platform in both modes; every test gets a call centre of its own on it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import pytest
import pytest_asyncio
from harness.api import Api, client
from harness.centre import Centre, make_centre
from harness.platform import Platform, running_platform

MakeCentre = Callable[..., Awaitable[Centre]]


@pytest.fixture(scope="session", params=["embedded", "split"])
def platform(request: pytest.FixtureRequest) -> Generator[Platform]:
    with running_platform(request.param) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def api(platform: Platform) -> AsyncGenerator[Api]:
    async with client(platform.url) as http:
        yield Api(http)


@pytest.fixture
def centre(api: Api) -> MakeCentre:
    """Makes a call centre, e.g. with `partners=2, agents=8, call_centre_validation=True`."""

    async def make(**wanted: Any) -> Centre:
        return await make_centre(api, **wanted)

    return make
