"""Run by Alembic for every service: all pending revisions in one transaction, one process at a time."""

from alembic import context
from servicekit.row_security import SAY_MIGRATING

connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('leadwire migrations'))")
    # A migration that waits for a lock makes everybody behind it wait too: rather fail, and be run again.
    connection.exec_driver_sql(SAY_MIGRATING)
    connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
    context.run_migrations()
