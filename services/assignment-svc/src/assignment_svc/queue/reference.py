"""What a process remembers of projects, places and ticks, so that a claim knows which keys are callable now.

Whoever claims asks whether the version has changed. What changes after that is caught by the claim statement itself,
which checks project version, state and tick: an old memory can only miss a lead.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from messaging.unit_of_work import UnitOfWork

from assignment_svc.queue import store
from assignment_svc.queue.hours import Place, always_callable, calling_week
from assignment_svc.queue.store import ProjectRow
from assignment_svc.queue.windows import Answer, answer_at, next_open

Key = tuple[str, int]


class Reference:
    def __init__(self) -> None:
        self.version = -1
        self._projects: dict[str, ProjectRow] = {}
        self._places: dict[int, Place] = {}
        self._ticks: dict[str, frozenset[str]] = {}
        self._open: dict[str, tuple[datetime, list[Key]]] = {}
        self._next_open: dict[Key, tuple[datetime, datetime | None]] = {}

    async def refresh(self, work: UnitOfWork, agent_ids: Sequence[str] = ()) -> list[str]:
        """Reads again what changed; says which of the agents have call-backs that are due."""
        version, promised = await store.read_version(work, agent_ids)
        if version != self.version:
            projects = await store.read_projects(work)
            places = await store.read_places(work)
            ticks = await store.read_ticks(work)
            # All at once: other claims of this process go on while one reads.
            self._projects = {row.project_id: row for row in projects}
            self._places, self._ticks, self.version = places, ticks, version
            self._open.clear()
            self._next_open.clear()
        return promised

    def projects_of(self, agent_id: str, wanted: str | None) -> frozenset[str]:
        """The campaigns on which the agent is ticked, or the wanted one of them."""
        ticked = self._ticks.get(agent_id, frozenset())
        return ticked if wanted is None else ticked & {wanted}

    def pulled(self, project_id: str) -> bool:
        """Whether agents request the project's leads; others are handed out by a rule (A3.11)."""
        project = self._projects.get(project_id)
        return project is not None and not project.handed_out

    def version_of(self, project_id: str) -> int:
        """-1, which is nobody's, of a project that went while somebody was looking."""
        project = self._projects.get(project_id)
        return -1 if project is None else project.version

    def open_keys(self, project_id: str, now: datetime) -> list[Key]:
        """The pairs of a project whose leads may be called now (E4)."""
        until, keys = self._open.get(project_id, (now, []))
        if until <= now:
            until, keys = self._compute_open(project_id, now)
            self._open[project_id] = (until, keys)
        return keys

    def all_keys(self, project_id: str) -> list[Key]:
        project = self._projects.get(project_id)
        return [] if project is None else [(project_id, place_id) for place_id in project.place_ids]

    def opens_at(self, key: Key, instant: datetime) -> datetime | None:
        """The first instant from then on at which leads of the pair may be called."""
        asked, answer = self._next_open.get(key, (instant, instant))
        if answer is not None and asked <= instant < answer:
            return answer
        project, place = self._projects[key[0]], self._places[key[1]]
        if always_callable(project.rule, place):
            return instant
        answer = next_open(calling_week(project.rule, place), place.zones, instant)
        self._next_open[key] = (instant, answer)
        return answer

    def _compute_open(self, project_id: str, now: datetime) -> tuple[datetime, list[Key]]:
        project = self._projects.get(project_id)
        forever = datetime.max.replace(tzinfo=UTC)
        if project is None:
            return forever, []
        answers = [(place_id, self._answer(project, self._places[place_id], now)) for place_id in project.place_ids]
        until = min((answer.until for _, answer in answers), default=forever)
        return until, [(project_id, place_id) for place_id, answer in answers if answer.open]

    def _answer(self, project: ProjectRow, place: Place, now: datetime) -> Answer:
        if always_callable(project.rule, place):
            return Answer(open=True, until=datetime.max.replace(tzinfo=UTC))
        return answer_at(calling_week(project.rule, place), place.zones, now)
