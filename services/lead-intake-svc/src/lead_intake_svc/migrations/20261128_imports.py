"""Files of leads: their bytes until they are imported, their progress, what became of each row; saved mappings."""

from alembic import op

revision = "20261128_imports"
down_revision = "20261127_returns_sales_erasure"

UPGRADE = (
    "SET lock_timeout = '5s'",
    """
    CREATE TABLE imports (
        id text COLLATE "C" PRIMARY KEY,
        partner_id text COLLATE "C" NOT NULL,
        project_id text COLLATE "C" NOT NULL,
        contact_list_id text COLLATE "C",
        state text NOT NULL
            CHECK (state IN ('unmapped', 'checking', 'checked', 'importing', 'completed', 'cancelled', 'failed')),
        file_name text NOT NULL,
        file_hash bytea NOT NULL CHECK (octet_length(file_hash) = 32),
        file_bytes bigint NOT NULL,
        format text NOT NULL CHECK (format IN ('csv', 'xlsx')),
        encoding text NOT NULL,
        delimiter text NOT NULL,
        columns jsonb NOT NULL,
        mapping jsonb NOT NULL,
        options jsonb NOT NULL,
        test boolean NOT NULL,
        again boolean NOT NULL,
        rows_total integer NOT NULL,
        position integer NOT NULL DEFAULT 0,
        rows_done integer NOT NULL DEFAULT 0,
        results jsonb NOT NULL DEFAULT '{}',
        failure text,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        finished_at timestamptz,
        keeps_cells boolean NOT NULL DEFAULT true,
        lease bigint NOT NULL DEFAULT 0,
        leased_until timestamptz NOT NULL DEFAULT '-infinity',
        version integer NOT NULL DEFAULT 1,
        CHECK ((state = 'failed') = (failure IS NOT NULL))
    ) WITH (fillfactor = 50)
    """,
    "COMMENT ON COLUMN imports.position IS 'records of the file that are done, the header and blank lines included'",
    "CREATE INDEX imports_partner ON imports (partner_id, id)",
    "CREATE INDEX imports_open ON imports (id) WHERE state IN ('checking', 'importing')",
    "CREATE INDEX imports_waiting ON imports (created_at) WHERE state IN ('unmapped', 'checked')",
    "CREATE INDEX imports_keeping ON imports (finished_at) WHERE keeps_cells AND finished_at IS NOT NULL",
    """
    CREATE UNIQUE INDEX imports_file ON imports (partner_id, file_hash)
    WHERE NOT again AND state IN ('importing', 'completed')
    """,
    """
    CREATE TABLE import_chunks (
        import_id text COLLATE "C" NOT NULL,
        n integer NOT NULL,
        body bytea NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (import_id, n)
    )
    """,
    "ALTER TABLE import_chunks ALTER COLUMN body SET STORAGE EXTERNAL",
    "COMMENT ON TABLE import_chunks IS 'The file as text, in pieces; gone when the import is over'",
    """
    CREATE TABLE import_rows (
        import_id text COLLATE "C" NOT NULL,
        line integer NOT NULL,
        result text NOT NULL
            CHECK (result IN ('accepted', 'rejected', 'quarantined', 'existing', 'updated', 'invalid')),
        lead_id text COLLATE "C",
        problems jsonb,
        cells text[],
        PRIMARY KEY (import_id, line)
    )
    """,
    "COMMENT ON COLUMN import_rows.cells IS 'of failed rows, for the file of failures; cleared after a while'",
    """
    CREATE INDEX import_rows_failed ON import_rows (import_id, line) WHERE result IN ('rejected', 'invalid')
    """,
    """
    CREATE INDEX import_rows_kept ON import_rows (lead_id) WHERE cells IS NOT NULL AND lead_id IS NOT NULL
    """,
    """
    CREATE TABLE import_mappings (
        id text COLLATE "C" PRIMARY KEY,
        partner_id text COLLATE "C" NOT NULL REFERENCES partners,
        name text NOT NULL,
        columns jsonb NOT NULL,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX import_mappings_name ON import_mappings (partner_id, lower(name))",
    "CREATE INDEX import_mappings_partner ON import_mappings (partner_id, id)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in ("import_mappings", "import_rows", "import_chunks", "imports"):
        op.execute(f"DROP TABLE {table}")
