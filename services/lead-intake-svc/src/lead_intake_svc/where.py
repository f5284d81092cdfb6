"""WHERE clauses of lists: only what was asked for stands in them, so that each list order has its index."""

from collections.abc import Mapping


def where(conditions: Mapping[str, str], asked: Mapping[str, object]) -> tuple[str, list[object]]:
    """The clause and its parameters. `conditions` are constants of ours, with the parameter's place left open."""
    given = [(conditions[name], value) for name, value in asked.items() if value is not None]
    clauses = [condition.format(f"${place}") for place, (condition, _) in enumerate(given, start=1)]
    return " AND ".join(clauses) or "true", [value for _, value in given]
