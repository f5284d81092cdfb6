"""What all services need on the broker."""

from messaging.amqp.topology import declare_topology

from leadwire.services import SERVICES


async def declare_everything(amqp_url: str) -> None:
    """May be run again at any time."""
    retired = [queue for service in SERVICES for queue in service.retired_queues()]
    await declare_topology(amqp_url, {service.name: service.subscriptions() for service in SERVICES}, retired=retired)
