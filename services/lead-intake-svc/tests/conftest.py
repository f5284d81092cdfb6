"""lead-intake-svc over a database of its own, with a project, a partner and its key."""

import pytest
from lead_intake_svc.app import build
from lead_intake_svc.testing import World, make_world, settings_for
from servicekit.testing import ServiceUnderTest, make_service_fixture

service = make_service_fixture("lead_intake_svc", build, settings_for)


@pytest.fixture
async def world(service: ServiceUnderTest) -> World:
    return await make_world(service)
