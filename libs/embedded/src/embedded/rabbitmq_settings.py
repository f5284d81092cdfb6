"""The configuration of the private RabbitMQ: small, on the loopback interface only, without a guest user."""

from dataclasses import dataclass
from pathlib import Path

# Two schedulers suit the machine this is for, and each one more costs memory at rest.
ERLANG_ARGUMENTS = "+S 2:2 +SDcpu 1:1 +SDio 2 -kernel inet_dist_use_interface {127,0,0,1}"


@dataclass(frozen=True)
class Ports:
    """All on 127.0.0.1: AMQP, epmd, Erlang distribution, management."""

    amqp: int
    epmd: int
    distribution: int
    management: int


def configuration(ports: Ports, user: str, password: str) -> str:
    """Return the text of rabbitmq.conf."""
    return f"""listeners.tcp.1 = 127.0.0.1:{ports.amqp}
default_user = {user}
default_pass = {password}
default_user_tags.administrator = true
management.tcp.ip = 127.0.0.1
management.tcp.port = {ports.management}
disk_free_limit.absolute = 200MB
# Quorum queues hold in memory what stands in the write-ahead log; its default limit is 512 MB.
raft.wal_max_size_bytes = 64000000
log.file = false
log.console = true
log.console.level = info
log.connection.level = warning
"""


def environment(home: Path, node: str, ports: Ports, path: str) -> dict[str, str]:
    """Return all that makes the node a private one, also when a system-wide RabbitMQ is configured."""
    return {
        "PATH": path,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "RABBITMQ_NODENAME": node,
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{ERLANG_ARGUMENTS} -leadwire {node}",
        # Tables a tenth of the default size: 10 MB less, and still room for tens of thousands of queues and channels.
        "RABBITMQ_MAX_NUMBER_OF_PROCESSES": "131072",
        "RABBITMQ_MAX_NUMBER_OF_ATOMS": "1048576",
        "RABBITMQ_CTL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(ports.epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP": str(home / "erl_crash.dump"),
        "ERL_CRASH_DUMP_SECONDS": "0",
        # Makes the script become the node instead of its parent: the pid that we start is the node's own.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
