"""Brings a service's database to the newest schema: dated Alembic revisions in the package's `migrations` folder."""

import ast
import asyncio
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import asyncpg

ENVIRONMENT: Final = Path(__file__).parent / "alembic_env"
# Alembic's `op` and `context` are globals of the process.
_one_at_a_time = threading.Lock()


def migrate(dsn: str, package: str) -> bool:
    """Upgrades to the newest revision in one transaction; True if anything was done.

    May be called from anywhere, also inside a running event loop (which waits), and by several processes at once:
    one works and the others find it done. At the newest revision it costs one connection.
    """
    outcome: list[bool | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(_migrate(dsn, package)))
        except BaseException as error:  # noqa: BLE001 -- handed to the calling thread
            outcome.append(error)

    thread = threading.Thread(target=work, name=f"migrate {package}")
    thread.start()
    thread.join()
    (result,) = outcome
    if isinstance(result, BaseException):
        raise result
    return result


@cache
def newest_revision(package: str) -> str | None:
    """The revision that no other one follows; None for a package without migrations. Imports neither it nor Alembic.

    Raises ValueError when there are several.
    """
    revisions = _revisions(package)
    heads = set(revisions) - set(revisions.values())
    if len(heads) > 1:
        raise ValueError(f"{package} has several newest revisions: {', '.join(sorted(heads))}")
    return heads.pop() if heads else None


@cache
def known_revisions(package: str) -> frozenset[str]:
    return frozenset(_revisions(package))


async def current_revision(connection: Any) -> str | None:
    """What the database is at; None before the first migration. Takes an asyncpg connection or pool."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def migrations_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no package {package}")
    return Path(spec.origin).parent / "migrations"


def _revisions(package: str) -> dict[str, str | None]:
    """Every revision, and which one it follows."""
    named = [_constants(file) for file in sorted(migrations_folder(package).glob("*.py"))]
    return {str(names["revision"]): names.get("down_revision") for names in named if "revision" in names}


def _constants(file: Path) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for statement in ast.parse(file.read_text("utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                named[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                named[name] = value
            case _:
                pass
    return named


async def _migrate(dsn: str, package: str) -> bool:
    newest = newest_revision(package)
    connection = await asyncpg.connect(dsn)
    try:
        current = await current_revision(connection)
    finally:
        await connection.close()
    if newest is None or newest == current:
        return False
    await _move(dsn, package, "head", down=False)
    return True


async def move_to(dsn: str, package: str, revision: str) -> None:
    """Up or down to a revision, in one transaction; `base` is before the first. A downgrade loses what is newer."""
    current = None if revision == "base" else revision
    connection = await asyncpg.connect(dsn)
    try:
        known = await current_revision(connection)
    finally:
        await connection.close()
    chain = _chain(package)
    down = known is not None and (current is None or chain.index(known) > chain.index(current))
    await _move(dsn, package, revision, down=down)


def chain_of(package: str) -> list[str]:
    """All revisions, the first one first."""
    return list(_chain(package))


@cache
def _chain(package: str) -> tuple[str, ...]:
    follows = {before: revision for revision, before in _revisions(package).items()}
    chain: list[str] = []
    while (revision := follows.get(chain[-1] if chain else None)) is not None:
        chain.append(revision)
    return tuple(chain)


async def _move(dsn: str, package: str, revision: str, *, down: bool) -> None:
    # Imported only when there is something to do: a process that runs a service never holds them.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", str(ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(migrations_folder(package)).replace("%", "%%"))

    async def connect() -> Any:
        return await asyncpg.connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=connect)

    def move(connection: Any) -> None:
        config.attributes["connection"] = connection
        with _one_at_a_time:
            (command.downgrade if down else command.upgrade)(config, revision)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(move)
    finally:
        await engine.dispose()
