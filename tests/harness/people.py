"""Made-up leads, different ones for every number."""

from typing import Any
from zlib import crc32


def lead(number: int, project_id: str, **more: Any) -> dict[str, Any]:
    """An external id, phone and e-mail of its own for every number (below a thousand or so) and project.

    Centres share a platform, and nobody may call a phone that is locked in another lead (E2).
    """
    subscriber = (crc32(project_id.encode()) + number) % 10_000_000
    return {
        "external_id": f"lead-{number}",
        "project_id": project_id,
        "first_name": "Aino",
        "last_name": "Virtanen",
        "phone": f"+35840{subscriber:07}",
        "email": f"aino.virtanen.{subscriber}@example.fi",
        **more,
    }
