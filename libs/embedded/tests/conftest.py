"""Folders that an unprivileged server may live in."""

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
