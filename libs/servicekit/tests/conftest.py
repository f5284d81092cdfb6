"""The toy service over a database of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from servicekit.testing import TEST_KEY_SET, make_service_fixture
from toy_svc.app import build
from toy_svc.settings import Settings


def settings_for(dsn: str) -> Settings:
    return Settings(database_url=dsn, identity_keys=TEST_KEY_SET)  # pyright: ignore[reportArgumentType] -- pydantic makes a secret of it


service = make_service_fixture("toy_svc", build, settings_for)
