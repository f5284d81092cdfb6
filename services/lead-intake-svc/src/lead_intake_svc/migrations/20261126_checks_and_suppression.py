"""Checks of a project, suppression lists, decisions, consent, keys that replace each other, forms."""

from alembic import op

revision = "20261126c"
down_revision = "20260101"

CHECKS = (
    "ALTER TABLE projects ADD COLUMN intake jsonb NOT NULL DEFAULT '{}'",
    "ALTER TABLE leads ADD COLUMN billable boolean NOT NULL DEFAULT true",
    # What a lead was before somebody decided about it, or edited it.
    "ALTER TABLE leads ADD COLUMN first_status text, ADD COLUMN first_reason text",
    "ALTER TABLE leads ADD COLUMN consent_revoked_at timestamptz",
)
PARTNERS = (
    """
    ALTER TABLE partners ADD COLUMN calling_hours jsonb,
        ADD COLUMN purchase_notification_mode text NOT NULL DEFAULT 'immediate'
            CHECK (purchase_notification_mode IN ('immediate', 'hourly', 'daily'))
    """,
    'ALTER TABLE partner_keys ADD COLUMN expires_at timestamptz, ADD COLUMN replaced_by text COLLATE "C"',
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
    'ALTER TABLE suppressions ADD COLUMN list_id text COLLATE "C"',
    "DROP INDEX suppressions_value",
    """
    CREATE UNIQUE INDEX suppressions_value
    ON suppressions (kind, value, scope, (coalesce(scope_id, '')), (coalesce(list_id, '')))
    """,
    "CREATE INDEX suppressions_list ON suppressions (list_id, id) WHERE list_id IS NOT NULL",
    """
    COMMENT ON COLUMN suppressions.value IS 'normalised; of an erased person keyed: and a hash'
    """,
    """
    CREATE UNLOGGED TABLE suppression_incoming (
        id text NOT NULL, kind text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL, hashed text COLLATE "C"
    )
    """,
    """
    COMMENT ON TABLE suppression_incoming IS
        'An upload on its way into suppressions. Emptied in the transaction that filled it: nobody ever sees a row'
    """,
    """
    CREATE TABLE suppression_tells (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        urgent boolean NOT NULL,
        removed boolean NOT NULL,
        suppression_id text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        value text COLLATE "C" NOT NULL,
        scope text COLLATE "C" NOT NULL,
        scope_id text COLLATE "C",
        list_id text COLLATE "C" NOT NULL
    ) WITH (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)
    """,
    "CREATE INDEX suppression_tells_next ON suppression_tells (urgent DESC, position)",
)

FORMS = (
    """
    CREATE TABLE forms (
        id text COLLATE "C" PRIMARY KEY,
        partner_id text COLLATE "C" NOT NULL REFERENCES partners,
        project_id text COLLATE "C" NOT NULL,
        contact_list_id text COLLATE "C",
        name text NOT NULL,
        mapping jsonb NOT NULL,
        constants jsonb NOT NULL,
        keep_unmapped boolean NOT NULL,
        consent_text text,
        honeypot text,
        public boolean NOT NULL,
        per_minute integer NOT NULL,
        per_minute_and_address integer NOT NULL,
        success_url text,
        active boolean NOT NULL,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX forms_partner ON forms (partner_id, id)",
    # What is lost in a crash is at most a minute of counting.
    """
    CREATE UNLOGGED TABLE form_hits (
        form_id text COLLATE "C" NOT NULL,
        who text COLLATE "C" NOT NULL,
        minute timestamptz NOT NULL,
        n integer NOT NULL,
        PRIMARY KEY (form_id, who, minute)
    )
    """,
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CHECKS, *PARTNERS, *SUPPRESSIONS, *FORMS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE form_hits")
    op.execute("DROP TABLE forms")
    op.execute("DROP TABLE suppression_incoming")
    op.execute("DROP TABLE suppression_tells")
    op.execute("DELETE FROM suppressions WHERE list_id IS NOT NULL")
    op.execute("ALTER TABLE suppressions DROP COLUMN list_id")
    op.execute("CREATE UNIQUE INDEX suppressions_value ON suppressions (kind, value, scope, (coalesce(scope_id, '')))")
    op.execute("DROP TABLE suppression_lists")
    for column in ("expires_at", "replaced_by"):
        op.execute(f"ALTER TABLE partner_keys DROP COLUMN {column}")
    for column in ("calling_hours", "purchase_notification_mode"):
        op.execute(f"ALTER TABLE partners DROP COLUMN {column}")
    for column in ("billable", "first_status", "first_reason", "consent_revoked_at"):
        op.execute(f"ALTER TABLE leads DROP COLUMN {column}")
    op.execute("ALTER TABLE projects DROP COLUMN intake")
