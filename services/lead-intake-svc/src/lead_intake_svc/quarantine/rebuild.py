"""A stored lead as it would be sent today, with changes: so that it can be checked again as new."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record

from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.candidate import Candidate, Sender
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.revisions.content import as_stored, with_changes


class Rebuild:
    def __init__(self, reference: Reference, admission: Admission) -> None:
        self._reference = reference
        self._admission = admission

    async def lead(self, row: Record, changes: Mapping[str, Any]) -> LeadInput:
        """Everything that checks look up is known then. Raises 422 for changes that are no lead."""
        lead = with_changes(row, changes)
        await self._reference.current()
        await self._admission.missing_known([lead])
        return lead

    def candidate(self, row: Record, lead: LeadInput) -> Candidate:
        """Checked again, and still the same lead. Raises 409 for a project or list that takes none now."""
        sender = Sender(self._reference.partners[row["partner_id"]], test=row["test"])
        return as_stored(row, self._admission.admit(lead, sender, row["fingerprint"]))

    def bulk_edit(self, project_id: str) -> bool:
        project = self._reference.projects.get(project_id)
        return project is not None and project.bulk_edit
