"""The world of the matrix, made once for all of its tests."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from authorisation.dry import dry, watched
from authorisation.walking import Walk
from authorisation.world import World, made_world


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """Not in pytest's own temporary folders: as root PostgreSQL runs as another user, who may not enter those."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-matrix-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    try:
        async with made_world(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def walk(world: World) -> AsyncIterator[Walk]:
    with pytest.MonkeyPatch.context() as patch, watched() as failures:
        # No event comes any more: nobody needs to wait for what may be on its way.
        patch.setattr("servicekit.newcomers.YOUNG_SECONDS", 0)
        async with dry(world.host):
            yield Walk(world, failures)
