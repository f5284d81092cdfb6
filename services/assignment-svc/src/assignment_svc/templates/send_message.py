"""An agent sends an activated e-mail template to a lead (A3.3). notify-svc, which has the template, writes the mail."""

from contracts.events.assignment import MessageRequestedV1
from contracts.ids import new_id
from messaging.unit_of_work import UnitOfWork
from servicekit.problems import conflict, invalid

from assignment_svc.templates import store
from assignment_svc.work_items.change import lead_ref
from assignment_svc.work_items.item import WorkItem
from assignment_svc.work_items.transition import touch


async def send_message(work: UnitOfWork, item: WorkItem, actor: str, template_id: str, token: int | None) -> str:
    """The message's id. Raises 422 for a template that is not activated, and for a lead without an address; 409 for an
    address on a suppression list, also where the lead itself is closed and was left as it is (I2.18).
    """
    if not await store.is_activated(work, item.project_id, "email", template_id):
        raise invalid("template-not-activated", "The template is not activated for this campaign.", "/template_id")
    letter = await store.read_letter(work, item.lead_id, actor)
    recipient = letter.pop("email", None)
    if not recipient:
        raise invalid("no-email-address", "The lead has no e-mail address.")
    if letter.pop("suppressed"):
        raise conflict("address-suppressed", "Nobody may write to this address any more.")
    message_id = new_id("msg")
    told = {"message_id": message_id, "template_id": template_id}
    version = await touch(work, item, actor, ("message_requested", told), token)
    event = MessageRequestedV1(
        lead=lead_ref(item),
        actor=actor,
        received_at=item.received_at,
        message_id=message_id,
        template_id=template_id,
        agent_id=item.agent_id or actor,
        recipient=recipient,
        variables={name: value or "" for name, value in letter.items()},
    )
    work.publish(event, sequence=version)
    return message_id
