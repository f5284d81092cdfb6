"""From a validated body to a candidate: which project and list it is for, and whether they take leads now."""

from collections.abc import Sequence

from lead_intake_svc.checks.email import domain_of, normalise_email
from lead_intake_svc.intake.candidate import Candidate, Outside, Sender, make_candidate
from lead_intake_svc.intake.shapes import LeadInput
from lead_intake_svc.mail_domains.known import MailDomains
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.reference.facts import ProjectFacts
from lead_intake_svc.suppressions.hashing import Hashing
from servicekit.newcomers import pauses
from servicekit.problems import DomainError, conflict, invalid

# Projects, contact lists and sponsors: others make them.
HEARS_OF = ("prj", "lst", "spo")


class Admission:
    def __init__(self, reference: Reference, mail_domains: MailDomains, hashing: Hashing) -> None:
        self._reference = reference
        self._mail_domains = mail_domains
        self._hashing = hashing

    async def missing_known(self, leads: Sequence[LeadInput]) -> None:
        """Looks again for projects and lists that this process does not know yet, as long as they may still be on
        their way here, and asks about the domains of leads whose project wants that.
        """
        if missing := self._missing(leads):
            await self._reference.reload()
            async for _ in pauses(missing, HEARS_OF):
                if not (missing := self._missing(leads)):
                    break
                await self._reference.reload()
        domains = {domain for lead in leads if (domain := self._asked_domain(lead)) is not None}
        if domains:
            await self._mail_domains.look_up(domains)

    def _missing(self, leads: Sequence[LeadInput]) -> list[str]:
        """Of the projects and lists that the leads name, those that are not known."""
        reference = self._reference
        projects = {lead.project_id for lead in leads} - reference.projects.keys()
        lists = {lead.contact_list_id for lead in leads} - reference.contact_lists.keys() - {None}
        return [*projects, *filter(None, lists)]

    def admit(self, lead: LeadInput, sender: Sender, fingerprint: bytes) -> Candidate:
        """Raises as `project_for` does."""
        project = self.project_for(lead.project_id, lead.contact_list_id)
        return self.candidate(lead, sender, project, fingerprint)

    async def known_project(self, project_id: str, contact_list_id: str | None) -> ProjectFacts:
        """As `project_for`, after a look at what this process may not know yet."""
        await self._reference.reload()
        return self.project_for(project_id, contact_list_id)

    def project_for(self, project_id: str, contact_list_id: str | None) -> ProjectFacts:
        """Raises 422 for an unknown project or list, 409 for one that takes no leads."""
        project = self._reference.projects.get(project_id)
        if project is None:
            raise invalid("project-unknown", "There is no such project.", "/project_id")
        if not project.active:
            raise conflict("campaign-passive", "The project takes no leads at the moment.")
        if contact_list_id is not None:
            error = self._list_error(contact_list_id, project)
            if error is not None:
                raise error
        return project

    def candidate(self, lead: LeadInput, sender: Sender, project: ProjectFacts, fingerprint: bytes) -> Candidate:
        """Checked, whether or not the project takes leads now."""
        domain = self._asked_domain(lead)
        takes_mail = None if domain is None else self._mail_domains.takes_mail(domain)
        return make_candidate(lead, sender, project, fingerprint, Outside(self._hashing, takes_mail))

    def _asked_domain(self, lead: LeadInput) -> str | None:
        """The domain about whose mail servers the project asks."""
        project = self._reference.projects.get(lead.project_id)
        if project is None or not project.checks.asks_for_mail_domain or not lead.email:
            return None
        email = normalise_email(lead.email)
        return None if email is None else domain_of(email)

    def _list_error(self, contact_list_id: str, project: ProjectFacts) -> DomainError | None:
        found = self._reference.contact_lists.get(contact_list_id)
        if found is None or found.project_id not in {None, project.id}:
            return invalid("contact-list-unknown", "The project has no such contact list.", "/contact_list_id")
        return conflict("contact-list-expired", "The contact list has expired.") if found.expired else None
