"""A person has a template sent to an address, to see what it looks like there."""

from typing import Any

from contracts.ids import new_uuid
from messaging.trace import current_trace
from messaging.unit_of_work import UnitOfWork

from notify_svc.emails.queue_emails import NewEmail, queue_emails
from notify_svc.emails.store import read_by_cause
from notify_svc.templates.save_template import FIELDS, render
from notify_svc.templates.store import TemplateContent


async def send_test(work: UnitOfWork, template: Any, to: str, sample: dict[str, Any]) -> Any:
    """The ledger's row. Raises 422 for what cannot be rendered."""
    render(TemplateContent(**{name: template[name] for name in FIELDS}), sample)
    cause_id = new_uuid()
    mail = NewEmail(
        cause_id=cause_id,
        template=template["key"],
        template_version=template["version"],
        recipient=to,
        lead=None,
        variables=sample,
        trace=current_trace.get(),
        at_once=True,
    )
    await queue_emails(work, [mail])
    return await read_by_cause(work, cause_id)
