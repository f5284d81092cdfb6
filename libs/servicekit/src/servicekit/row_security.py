"""Row-level security, for migrations: what is somebody's own is shown to nobody else, whatever a statement asks for.

A protected table is open to the role that the service logs in with (workers, staff, hot paths): its policy is `true`,
which costs nothing. The restricted role, which reading requests of sponsors, partners and agents become, sees what the
table's condition says. Everybody else, the owner too, sees nothing; a migration says that it is one.
"""

from collections.abc import Mapping
from typing import Final

from alembic import op
from messaging.sight import RESTRICTED_SUFFIX

from servicekit.roles import OWNER_SUFFIX

# Each is read once a statement, not once a row. Unset, or set for an earlier transaction, they equal nobody's id.
PARTNER: Final = "(SELECT nullif(current_setting('leadwire.partner_id', true), ''))"
AGENT: Final = "(SELECT nullif(current_setting('leadwire.agent_id', true), ''))"
SPONSORS: Final = "(ARRAY(SELECT unnest(string_to_array(current_setting('leadwire.sponsor_ids', true), ','))))"
PERMISSIONS: Final = "(ARRAY(SELECT unnest(string_to_array(current_setting('leadwire.permissions', true), ','))))"
SAY_MIGRATING: Final = "SELECT set_config('leadwire.migrating', 'on', true)"
_MIGRATING: Final = "(SELECT current_setting('leadwire.migrating', true)) = 'on'"


def protect(visible: Mapping[str, str | None]) -> None:
    """By table: the condition of the rows that the restricted role sees and writes; None for no row."""
    owner, service, restricted = _roles()
    for table, condition in visible.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY migrations ON {table} TO {owner} USING ({_MIGRATING})")
        if service is not None:
            op.execute(f"CREATE POLICY service ON {table} TO {service} USING (true)")
        if condition is not None:
            op.execute(f"CREATE POLICY own ON {table} TO {restricted} USING ({condition})")


def expose(*tables: str) -> None:
    """Undoes `protect`."""
    for table in tables:
        for policy in ("own", "service", "migrations"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


def _roles() -> tuple[str, str | None, str]:
    """The owner, the login and the restricted role, as `servicekit.roles` names them; for an owner with another name,
    who then serves the service, too, everybody else is restricted.
    """
    ask = op.get_bind().exec_driver_sql
    owner = str(ask("SELECT quote_ident(current_user)").scalar())
    if not owner.endswith(OWNER_SUFFIX):
        return owner, owner, "PUBLIC"
    login = owner.removesuffix(OWNER_SUFFIX)
    return owner, login, login + RESTRICTED_SUFFIX
