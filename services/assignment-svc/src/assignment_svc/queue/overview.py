"""`GET /v1/queue`: per project how many leads may be called now, later today, or after their cool-down."""

from collections import defaultdict
from datetime import UTC, datetime

from messaging.unit_of_work import UnitOfWork
from pydantic import BaseModel

from assignment_svc.queue import store
from assignment_svc.queue.reference import Reference


class ProjectQueue(BaseModel):
    """`ready`: may be called now; `outside_hours`: in their calling hours again; `cooling_down`: called lately."""

    project_id: str
    name: str
    state: str
    total: int = 0
    ready: int = 0
    outside_hours: int = 0
    cooling_down: int = 0
    oldest_received_at: datetime | None = None
    oldest_age_seconds: float | None = None


async def read_overview(work: UnitOfWork, reference: Reference, agent_id: str | None) -> list[ProjectQueue]:
    """Of the agent's campaigns, or of all projects."""
    await reference.refresh(work)
    wanted = None if agent_id is None else sorted(reference.projects_of(agent_id, None))
    now = datetime.now(UTC)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    oldest: dict[str, datetime] = {}
    for row in await store.read_overview(work, wanted):
        project_id = row["project_id"]
        is_open = (project_id, row["place_id"]) in reference.open_keys(project_id, now)
        readiness = "cooling_down" if row["cooling"] else "ready" if is_open else "outside_hours"
        counts[project_id][readiness] += row["leads"]
        oldest[project_id] = min(row["oldest"], oldest.get(project_id, row["oldest"]))
    names = await store.read_names(work, sorted(counts))
    return [
        ProjectQueue(
            project_id=project_id,
            name=names.get(project_id, ("", "unknown"))[0],
            state=names.get(project_id, ("", "unknown"))[1],
            total=sum(count.values()),
            oldest_received_at=oldest[project_id],
            oldest_age_seconds=(now - oldest[project_id]).total_seconds(),
            **count,
        )
        for project_id, count in sorted(counts.items())
    ]
