"""Folders that an unprivileged server may live in, and the cache of fetched packages."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name, outside pytest's 0700 folders."""
    made = Path(tempfile.mkdtemp(prefix="embedded "))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def package_cache() -> Path:
    """The clone's own cache, so that packages are fetched once."""
    return Path(__file__).parents[3] / ".cache/packages"
