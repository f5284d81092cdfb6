"""A service with a database of its own, and a call centre in it to speak of."""

import pytest_asyncio
from assignment_svc.app import build
from assignment_svc.settings import Settings
from assignment_svc.testing import CallCentre
from pydantic import SecretStr
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest, make_service_fixture


def _settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), identity_keys=TEST_KEY_SET, claims_per_agent=50)


service = make_service_fixture("assignment_svc", build, _settings)


@pytest_asyncio.fixture(loop_scope="session")
async def centre(service: ServiceUnderTest) -> CallCentre:
    """One active project that may always call, and one agent on it."""
    centre = CallCentre(service)
    await centre.project()
    await centre.agent()
    await centre.tick()
    return centre
