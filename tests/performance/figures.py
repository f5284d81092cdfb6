"""A measured figure, its target, and the table of all."""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the ratio (or, without a limit, the product's figure) shall be: first for now, goal in the end."""

    goal: float
    first: float | None = None
    at_most: bool = False

    def met_by(self, value: float) -> bool | None:
        if self.first is None:
            return None
        return value <= self.first if self.at_most else value >= self.first

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return (
            f"{sign} {self.goal:g} in the end" if self.first is None else f"{sign} {self.first:g}, then {self.goal:g}"
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`product` and `limit` are medians, in the same `unit`; `details` are what else was seen."""

    case: str
    product: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    target: Target | None = None
    details: Mapping[str, float | str] = field(default_factory=dict[str, float | str])

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.product / self.limit

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.target.met_by(self.product if self.ratio is None else self.ratio)

    def as_json(self) -> dict[str, Any]:
        target = None if self.target is None else asdict(self.target)
        return {**asdict(self), "target": target, "ratio": self.ratio, "met": self.met}


@dataclass(frozen=True)
class Run:
    """How large a run is, and what it has found so far.

    `quick` keeps the benchmark working in CI and says little about speed.
    """

    quick: bool
    figures: "list[Figure]" = field(default_factory=list["Figure"])

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        return self.pick(3, 1)


async def alternating(
    rounds: int, cases: Mapping[str, Callable[[], Awaitable[dict[str, float]]]]
) -> dict[str, dict[str, float]]:
    """Runs the cases one after the other, `rounds` times; the median of every figure of each."""
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            seen[name].append(await case())
    return {name: medians(figures) for name, figures in seen.items()}


def medians(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: statistics.median(figure[key] for figure in figures) for key in figures[0]}


def table(figures: Sequence[Figure]) -> str:
    """One row for each figure, and below it what else was seen."""
    rows = [("case", "product", "limit or baseline", "ratio", "target", "met")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{figure.case}: {_details(figure.details)}" for figure in figures if figure.details]
    return "\n".join([*lines, "", *notes])


def _row(figure: Figure) -> tuple[str, ...]:
    limit = "" if figure.limit is None else f"{number(figure.limit)} {figure.limit_name}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    target = "report" if figure.target is None else str(figure.target)
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return figure.case, f"{number(figure.product)} {figure.unit}", limit, ratio, target, met


def _details(details: Mapping[str, float | str]) -> str:
    return ", ".join(f"{name} {value if isinstance(value, str) else number(value)}" for name, value in details.items())


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
