"""What a service's user may do on the broker: use what is its own, and declare nothing."""

import re
from collections.abc import Mapping

from messaging.amqp import names


def permissions(service: str) -> Mapping[str, str]:
    """Of the default exchange it needs the right to bring messages back to its own queues."""
    own = re.escape(service).replace("\\-", "-")
    events = re.escape(names.EVENTS)
    return {"configure": "^$", "write": rf"^({events}|{own}\..*|amq\.default)$", "read": rf"^{own}\..*$"}


def topic_permissions(context: str) -> Mapping[str, str]:
    """`context`: the first word of the types of its events."""
    return {"exchange": names.EVENTS, "write": rf"^{context}\.", "read": "^$"}
