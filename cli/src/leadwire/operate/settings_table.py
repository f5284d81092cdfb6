"""`leadwire settings`: every setting of every service, as the table in docs/operations.md."""

from collections.abc import Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings
from servicekit.process import ApiSettings, LogSettings, WorkerSettings
from servicekit.settings import ServiceSettings

from leadwire.services import SERVICES

_HEAD = ("| setting | who | default | what |", "|---|---|---|---|")


def settings_table() -> str:
    """Markdown; a setting without a default is required."""
    rows: list[str] = []
    shared = set(ServiceSettings.model_fields)
    rows += _rows(ServiceSettings, "all", sorted(shared))
    rows += _rows(LogSettings, "all", LogSettings.model_fields)
    rows += _rows(ApiSettings, "api", ApiSettings.model_fields)
    rows += _rows(WorkerSettings, "worker", WorkerSettings.model_fields)
    for service in SERVICES:
        own = service.settings_class()
        rows += _rows(own, service.name, [name for name in own.model_fields if name not in shared])
    return "\n".join([*_HEAD, *rows]) + "\n"


def _rows(settings: type[BaseSettings], who: str, names: Sequence[str] | dict[str, FieldInfo]) -> list[str]:
    return [_row(name, who, settings.model_fields[name]) for name in names]


def _row(name: str, who: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _shown(field.default)
    return f"| `LEADWIRE_{name.upper()}` | {who} | {default} | {field.description or ''} |"


def _shown(default: Any) -> str:
    return "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
