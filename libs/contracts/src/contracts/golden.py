"""The golden files: schemas and messages as they were, which tomorrow's classes must still read.

`python -m contracts.golden write` brings them up to date and refuses incompatible changes; `check` says what is stale.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from contracts.asyncapi import asyncapi_document
from contracts.compatibility import Break, breaking_changes
from contracts.event import EVENT_TYPES
from contracts.samples import example_envelope
from contracts.schemas import Schema, current_schemas

GOLDEN = Path(__file__).parents[2] / "golden"
ASYNCAPI = Path(__file__).parents[4] / "docs" / "asyncapi.json"


def golden_schemas(folder: Path = GOLDEN) -> dict[str, Schema]:
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(folder.glob("schemas/*.json"))}


def golden_examples(folder: Path = GOLDEN) -> list[Path]:
    return sorted(folder.glob("examples/**/*.json"))


def incompatible_changes(folder: Path = GOLDEN) -> list[Break]:
    return breaking_changes(golden_schemas(folder), current_schemas())


def stale_files(folder: Path = GOLDEN, asyncapi: Path = ASYNCAPI) -> dict[Path, bytes]:
    """The files that are missing or differ, with what they should hold. An example that exists is never among them."""
    wanted = {folder / "schemas" / f"{name}.json": _text(schema) for name, schema in current_schemas().items()}
    wanted[asyncapi] = _text(asyncapi_document())
    stale = {path: text for path, text in wanted.items() if not path.exists() or path.read_bytes() != text}
    for name in sorted(EVENT_TYPES):
        stale |= _missing_examples(folder / "examples", name)
    return stale


def write(folder: Path = GOLDEN, asyncapi: Path = ASYNCAPI) -> dict[Path, bytes]:
    """Writes what is stale, and nothing if the classes have become incompatible with what is there."""
    if incompatible_changes(folder):
        return {}
    stale = stale_files(folder, asyncapi)
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return stale


def _missing_examples(folder: Path, name: str) -> dict[Path, bytes]:
    """The minimal example, and a full one if the newest full one has not all of today's fields."""
    missing: dict[Path, bytes] = {}
    minimal = folder / "minimal" / f"{name}.json"
    if not minimal.exists():
        missing[minimal] = _text(example_envelope(name, full=False))
    full = _text(example_envelope(name, full=True))
    editions = [folder / f"{name}.json"]
    while editions[-1].exists():
        editions.append(folder / f"{name}.{len(editions) + 1}.json")
    if len(editions) == 1 or _shape(msgspec.json.decode(editions[-2].read_bytes())) != _shape(
        msgspec.json.decode(full)
    ):
        missing[editions[-1]] = full
    return missing


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return [_shape(inner) for inner in value[:1]] if isinstance(value, list) else None


def _text(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def main(arguments: list[str]) -> int:
    if arguments not in (["write"], ["check"]):
        sys.stderr.write("usage: python -m contracts.golden write|check\n")
        return 2
    if breaks := incompatible_changes():
        sys.stderr.write("These changes break whoever runs the release before. Make a new major version instead:\n")
        sys.stderr.writelines(f"  {each}\n" for each in breaks)
        return 1
    if arguments == ["write"]:
        sys.stdout.writelines(f"wrote {path}\n" for path in write())
        return 0
    stale = stale_files()
    sys.stderr.writelines(f"stale: {path} (run `make golden`)\n" for path in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
