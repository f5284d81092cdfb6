"""What `leadwire up` is asked for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What and where.

    Parameters
    ----------
    data_dir
        Where databases, secrets, mails and logs are kept.
    host
        The address to listen on. Mails are shown at /mail on loopback addresses only.
    port
        The port to listen on.
    demo
        Fill an empty installation with sponsors, partners, agents and a trickle of leads.
    split
        One process per service role over RabbitMQ, behind nginx, instead of one process for all.
    amqp_url
        The RabbitMQ to use in split mode; without one a private node is brought up.

    """

    data_dir: Path = Path(".leadwire")
    host: str = "127.0.0.1"
    port: int = 8080
    demo: bool = True
    split: bool = False
    amqp_url: Annotated[str | None, Parameter(env_var="LEADWIRE_AMQP_URL")] = None

    @property
    def package_cache(self) -> Path:
        """Programs that were fetched once; beside the data unless LEADWIRE_PACKAGE_CACHE says where."""
        return Path(os.environ.get("LEADWIRE_PACKAGE_CACHE") or self.data_dir / "packages").absolute()


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """`password` is None where one has to be made (and printed)."""

    email: str
    password: str | None

    @classmethod
    def from_environment(cls) -> "FirstAdmin":
        return cls(
            os.environ.get("LEADWIRE_ADMIN_EMAIL") or "admin@leadwire.local",
            os.environ.get("LEADWIRE_ADMIN_PASSWORD") or None,
        )
