"""Conditions of a list that were asked for, and their parameters."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Conditions:
    """What was not asked for is not in the statement, so that its plan can use the index that fits what was."""

    args: list[Any] = field(default_factory=list[Any])
    _parts: list[str] = field(default_factory=list[str])

    def add(self, condition: str, *values: Any) -> None:
        """Each `?` of the condition stands for one of the values."""
        for value in values:
            condition = condition.replace("?", self.value(value), 1)
        self._parts.append(f"({condition})")

    def add_given(self, condition: str, value: Any) -> None:
        """None asks for nothing."""
        if value is not None:
            self.add(condition, value)

    def value(self, value: Any) -> str:
        """The placeholder of a further parameter."""
        self.args.append(value)
        return f"${len(self.args)}"

    @property
    def sql(self) -> str:
        return " AND ".join(self._parts) or "true"
