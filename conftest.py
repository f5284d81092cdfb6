"""Fixtures of every test: private PostgreSQL and RabbitMQ, services with a database of their own."""

from typing import Final

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["servicekit.testing"]

# A deadline would measure the machine, not the code.
settings.register_profile("leadwire", deadline=None)
settings.load_profile("leadwire")

_ON_ONE_PLATFORM: Final = "tests/e2e/"


class _OneWorkerForAPlatform(LoadFileScheduling):
    """Tests of a file stay together; those that share the running platform do so over all their files."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_ON_ONE_PLATFORM):
            return f"{_ON_ONE_PLATFORM} split" if "[split" in nodeid else f"{_ON_ONE_PLATFORM} embedded"
        return super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _OneWorkerForAPlatform(config, log)
