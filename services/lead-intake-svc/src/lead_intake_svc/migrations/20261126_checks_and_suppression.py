"""Checks of a project, suppression lists, decisions, consent, keys that replace each other, forms."""

from alembic import op

revision = "20261126c"
down_revision = "20260101"

CHECKS = (
    "ALTER TABLE projects ADD COLUMN intake jsonb NOT NULL DEFAULT '{}'",
    "ALTER TABLE leads ADD COLUMN billable boolean NOT NULL DEFAULT true",
)

SUPPRESSIONS = (
    """
    CREATE TABLE suppression_lists (
        id text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        scope text COLLATE "C" NOT NULL CHECK (scope IN ('global', 'sponsor', 'project')),
        scope_id text COLLATE "C",
        "national" boolean NOT NULL,
        as_of timestamptz NOT NULL,
        entries integer NOT NULL DEFAULT 0,
        alarmed_as_of timestamptz,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK ((scope = 'global') = (scope_id IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX suppression_lists_name ON suppression_lists (lower(name), scope, (coalesce(scope_id, '')))",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CHECKS, *SUPPRESSIONS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE suppression_lists")
    op.execute("ALTER TABLE leads DROP COLUMN billable")
    op.execute("ALTER TABLE projects DROP COLUMN intake")
