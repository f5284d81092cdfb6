"""The platform in both modes; every test gets a call centre of its own on it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import pytest
import pytest_asyncio
from harness.api import Api, client
from harness.centre import Centre, make_centre
from harness.platform import Platform, running_platform
from harness.spans import SpanSink, span_sink

MakeCentre = Callable[..., Awaitable[Centre]]


@pytest.fixture(scope="session")
def spans() -> Generator[SpanSink]:
    """What the processes of the split platform trace."""
    with span_sink() as sink:
        yield sink


@pytest.fixture(scope="session", params=["embedded", "split"])
def platform(request: pytest.FixtureRequest, spans: SpanSink) -> Generator[Platform]:
    environment = {"LEADWIRE_ACCESS_LOG": "access.log leadwire", "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url}
    with running_platform(request.param, environment=environment) as running:
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
