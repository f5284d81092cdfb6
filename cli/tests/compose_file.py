"""docker-compose.yml as Compose reads it: with the variables of an .env file in their places."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?:(?P<kind>:[-?])(?P<word>[^}]*))?\}")


def raw_compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def variables_in(text: str) -> set[str]:
    return {found["name"] for found in _VARIABLE.finditer(text)}


def parse_env(text: str) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items()}


def containers(env: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every container; a variable that is required and missing raises KeyError, as Compose refuses it."""
    return {name: _filled(container, env) for name, container in raw_compose()["services"].items()}


def environment_of(container: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """A name without a value is passed on from the .env file, where it is there."""
    given = {name: env.get(name) if value is None else value for name, value in container["environment"].items()}
    return {name: str(value) for name, value in given.items() if value is not None}


def _filled(value: Any, env: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _VARIABLE.sub(lambda found: _value(found, env), value)
        case list():
            return [_filled(part, env) for part in value]
        case dict():
            return {name: _filled(part, env) for name, part in value.items()}
        case _:
            return value


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    if found["kind"] == ":?" and not env.get(found["name"]):
        raise KeyError(found["name"])
    return env.get(found["name"]) or (found["word"] if found["kind"] == ":-" else "")
