"""What others are told about a link: nothing that opens it."""

from typing import TypeVar

from contracts.events.sponsor import StatisticsLinkContent

from sponsor_svc.sharing.link import Link

E = TypeVar("E", bound=StatisticsLinkContent)


def told(link: Link, event_class: type[E], actor: str) -> E:
    return event_class(
        link_id=link.id,
        sponsor_id=link.sponsor_id,
        project_id=link.project_id,
        expires_at=link.expires_at,
        has_password=link.has_password,
        actor=actor,
    )
