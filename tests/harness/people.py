"""Made-up leads, different ones for every number."""

from typing import Any


def lead(number: int, project_id: str, **more: Any) -> dict[str, Any]:
    """`number` below ten million gives an external id, phone and e-mail of its own."""
    return {
        "external_id": f"lead-{number}",
        "project_id": project_id,
        "first_name": "Aino",
        "last_name": "Virtanen",
        "phone": f"+35840{number:07}",
        "email": f"aino.virtanen.{number}@example.fi",
        **more,
    }
