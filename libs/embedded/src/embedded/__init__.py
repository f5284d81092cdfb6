"""Private PostgreSQL, RabbitMQ and nginx for one machine, without installing them."""

from embedded.errors import NotObtainable, ServerFailed
from embedded.ports import free_port
from embedded.postgres import PostgresServer

__all__ = ["NotObtainable", "PostgresServer", "ServerFailed", "free_port"]
