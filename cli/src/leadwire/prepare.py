"""What both modes of `leadwire up` do first: the data folder, PostgreSQL, databases, schemas, the first admin."""

import asyncio
from pathlib import Path

from embedded import PostgresServer
from embedded.remembered import replace

from leadwire.announcement import Login, say
from leadwire.first_admin import make_first_admin
from leadwire.installation import Installation, choose_ports
from leadwire.options import FirstAdmin, UpOptions
from leadwire.provision import Databases, provision
from leadwire.secrets_file import Secrets


async def prepare(options: UpOptions) -> tuple[PostgresServer, Installation, list[Login]]:
    """Raises ServerFailed when PostgreSQL does not start. The log-ins to print: the admin whose password we made."""
    data_dir = options.data_dir.absolute()
    make_data_dir(data_dir)
    say(f"PostgreSQL, in {data_dir / 'postgres'}")
    postgres = PostgresServer(data_dir / "postgres")
    await asyncio.to_thread(postgres.start)
    secrets = Secrets(data_dir)
    databases = Databases(postgres.dsn(), secrets.database_passwords)
    say("databases and schemas")
    await provision(databases)
    first = FirstAdmin.from_environment()
    admin = Login("admin", first.email, first.password or secrets["admin_password"])
    await make_first_admin(databases, admin.email, admin.password)
    installation = Installation(
        data_dir=data_dir,
        package_cache=options.package_cache,
        host=options.host,
        port=options.port,
        ports=choose_ports(data_dir),
        secrets=secrets,
        databases=databases,
        admin=admin,
    )
    replace(data_dir / "url", installation.url)
    return postgres, installation, [admin] if first.password is None else []


def make_data_dir(data_dir: Path) -> None:
    # 0711, not 0700: as root the servers run as another user, who must reach folders of their own inside.
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
