"""Private PostgreSQL, RabbitMQ and nginx for one machine, without installing them."""

from embedded.errors import NotObtainable, ServerFailed
from embedded.nginx import NginxServer, obtain_nginx
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.rabbitmq import RabbitServer
from embedded.rabbitmq_guests import Guest
from embedded.rabbitmq_programs import obtain_rabbitmq

__all__ = [
    "Guest",
    "NginxServer",
    "NotObtainable",
    "PostgresServer",
    "RabbitServer",
    "ServerFailed",
    "free_port",
    "obtain_nginx",
    "obtain_rabbitmq",
]
