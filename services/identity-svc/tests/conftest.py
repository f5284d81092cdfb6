"""identity-svc over a database of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from identity_svc.app import build
from identity_svc.settings import Settings
from servicekit.testing import TEST_KEY_SET, TEST_PRIVATE_KEY, make_service_fixture


def settings_for(dsn: str) -> Settings:
    return Settings(database_url=dsn, identity_keys=TEST_KEY_SET, identity_private_key=TEST_PRIVATE_KEY)  # pyright: ignore[reportArgumentType] -- pydantic makes secrets of them


service = make_service_fixture("identity_svc", build, settings_for)
