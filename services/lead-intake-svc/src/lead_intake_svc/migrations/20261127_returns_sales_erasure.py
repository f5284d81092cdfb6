"""Returns, credits, replacements, sales, erasures (I2.13, I2.22, I2.23, I2.24, I2.27)."""

from alembic import op

revision = "20261127_returns_sales_erasure"
down_revision = "20261126c"

_REASONS = (
    "'wrong number', 'wrong person', 'not reachable', 'duplicate', 'never asked', 'outside the area', "
    "'rejected in validation', 'other'"
)
_PARTNER_COLUMNS = (
    f"return_reasons text[] NOT NULL DEFAULT ARRAY[{_REASONS}]",
    "return_window_days integer NOT NULL DEFAULT 7 CHECK (return_window_days BETWEEN 0 AND 365)",
    "return_answer_days integer NOT NULL DEFAULT 7 CHECK (return_answer_days BETWEEN 1 AND 90)",
    "return_on_no_answer text NOT NULL DEFAULT 'accept' CHECK (return_on_no_answer IN ('accept', 'escalate'))",
    "max_return_rate double precision CHECK (max_return_rate BETWEEN 0 AND 100)",
    "return_rate_days integer NOT NULL DEFAULT 30 CHECK (return_rate_days BETWEEN 1 AND 365)",
    "return_rate_action text NOT NULL DEFAULT 'warn' CHECK (return_rate_action IN ('warn', 'block'))",
    "lead_price jsonb",
    "sold_lead_emails text[] NOT NULL DEFAULT '{}'",
)
RETURNS = (
    *(f"ALTER TABLE partners ADD COLUMN {column}" for column in _PARTNER_COLUMNS),
    # What intake itself knows about an accepted lead goes before what other services say about its work.
    """
    ALTER TABLE lead_progress
        ADD COLUMN own_state text CHECK (own_state IN ('return_hold', 'returned', 'sold', 'erased')),
        ADD COLUMN billable boolean,
        ADD COLUMN billable_version bigint NOT NULL DEFAULT 0
    """,
    "ALTER TABLE lead_identities ADD COLUMN returned boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE returns (
        id text COLLATE "C" PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('purchase', 'sale')),
        lead_id text COLLATE "C" NOT NULL,
        sale_id text COLLATE "C",
        partner_id text COLLATE "C" NOT NULL,
        project_id text COLLATE "C" NOT NULL,
        sponsor_id text COLLATE "C",
        state text NOT NULL CHECK (state IN ('proposed', 'dismissed', 'requested', 'accepted', 'declined', 'disputed',
            'lapsed')),
        reason text NOT NULL,
        comment text,
        answer text,
        refusal text,
        warning text,
        evidence jsonb NOT NULL DEFAULT '{}',
        on_no_answer text NOT NULL,
        requested_at timestamptz NOT NULL,
        requested_by text COLLATE "C",
        answer_by timestamptz NOT NULL,
        answered_at timestamptz,
        answered_by text COLLATE "C",
        disputed_at timestamptz,
        disputed_by text COLLATE "C",
        lapsed_at timestamptz,
        flags text[] NOT NULL DEFAULT '{}',
        version integer NOT NULL DEFAULT 1,
        CHECK ((kind = 'sale') = (sale_id IS NOT NULL))
    )
    """,
    # A lead is sent back once at a time, and nobody takes it back twice; each sale counts for itself.
    """
    CREATE UNIQUE INDEX returns_one ON returns ((coalesce(sale_id, lead_id)))
    WHERE state IN ('proposed', 'requested', 'disputed', 'lapsed', 'accepted')
    """,
    # A buyer's Leadwire may tell of its return more than once.
    """
    CREATE UNIQUE INDEX returns_external ON returns (partner_id, (evidence ->> 'external_return_id'))
    WHERE kind = 'sale'
    """,
    "CREATE INDEX returns_lead ON returns (lead_id)",
    "CREATE INDEX returns_partner ON returns (partner_id, id)",
    "CREATE INDEX returns_state ON returns (state, id)",
    "CREATE INDEX returns_rate ON returns (partner_id, requested_at)",
    "CREATE INDEX returns_due ON returns (answer_by) WHERE state = 'requested'",
    "CREATE INDEX returns_flags ON returns USING gin (flags) WHERE flags <> '{}'",
    """
    CREATE TABLE credits (
        id text COLLATE "C" PRIMARY KEY,
        return_id text COLLATE "C" NOT NULL UNIQUE REFERENCES returns,
        lead_id text COLLATE "C" NOT NULL,
        partner_id text COLLATE "C" NOT NULL,
        direction text NOT NULL CHECK (direction IN ('from_partner', 'to_partner')),
        amount_minor bigint,
        currency text,
        entered_at timestamptz NOT NULL,
        CHECK ((amount_minor IS NULL) = (currency IS NULL))
    )
    """,
    "CREATE INDEX credits_partner ON credits (partner_id, id)",
    """
    CREATE TABLE return_flags (
        id text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        active boolean NOT NULL DEFAULT true,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX return_flags_name ON return_flags (lower(name))",
    """
    CREATE TABLE replacements (
        original_id text COLLATE "C" PRIMARY KEY,
        replacement_id text COLLATE "C" NOT NULL UNIQUE,
        partner_id text COLLATE "C" NOT NULL,
        was_billable boolean NOT NULL,
        set_by text COLLATE "C",
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX replacements_partner ON replacements (partner_id, created_at)",
)
SALES = (
    """
    CREATE TABLE sales (
        id text COLLATE "C" PRIMARY KEY,
        lead_id text COLLATE "C" NOT NULL,
        buyer_id text COLLATE "C" NOT NULL REFERENCES partners,
        rule_id text COLLATE "C",
        state text NOT NULL CHECK (state IN ('sold', 'returned')),
        price jsonb,
        sold_by text COLLATE "C",
        sold_at timestamptz NOT NULL,
        version integer NOT NULL DEFAULT 1
    )
    """,
    "CREATE UNIQUE INDEX sales_one ON sales (lead_id) WHERE state = 'sold'",
    "CREATE INDEX sales_lead ON sales (lead_id)",
    "CREATE INDEX sales_buyer ON sales (buyer_id, id)",
    """
    CREATE TABLE sale_rules (
        id text COLLATE "C" PRIMARY KEY,
        buyer_id text COLLATE "C" NOT NULL REFERENCES partners,
        project_id text COLLATE "C",
        partner_id text COLLATE "C",
        price jsonb,
        active boolean NOT NULL DEFAULT true,
        place integer NOT NULL DEFAULT 100 CHECK (place BETWEEN 0 AND 10000),
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "INSERT INTO change_counters VALUES ('sale_rules', 1)",
)
ERASURES = (
    """
    CREATE TABLE erasures (
        id text COLLATE "C" PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('running', 'completed')),
        subject bytea NOT NULL,
        lead_ids text[] NOT NULL,
        awaited text[] NOT NULL,
        requested_by text COLLATE "C",
        requested_at timestamptz NOT NULL,
        completed_at timestamptz,
        version integer NOT NULL DEFAULT 1
    )
    """,
    "COMMENT ON COLUMN erasures.subject IS 'a keyed hash of what was asked for: whom it was about is forgotten, too'",
    """
    CREATE TABLE erasure_receipts (
        erasure_id text COLLATE "C" NOT NULL,
        service text NOT NULL,
        removed jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (erasure_id, service)
    )
    """,
    """
    CREATE TABLE erased_leads (
        lead_id text COLLATE "C" PRIMARY KEY,
        erasure_id text COLLATE "C" NOT NULL,
        ref jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE legal_holds (
        id text COLLATE "C" PRIMARY KEY,
        lead_id text COLLATE "C",
        kind text COLLATE "C",
        value text COLLATE "C",
        reason text NOT NULL,
        set_by text COLLATE "C" NOT NULL,
        set_at timestamptz NOT NULL,
        lifted_by text COLLATE "C",
        lifted_at timestamptz,
        CHECK ((lead_id IS NULL) <> (value IS NULL)),
        CHECK ((kind IS NULL) = (value IS NULL))
    )
    """,
    "CREATE INDEX legal_holds_lead ON legal_holds (lead_id) WHERE lifted_at IS NULL",
    "CREATE INDEX legal_holds_value ON legal_holds (kind, value) WHERE lifted_at IS NULL",
)
_TABLES = (
    "legal_holds", "erased_leads", "erasure_receipts", "erasures", "sale_rules", "sales", "replacements",
    "return_flags", "credits", "returns",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*RETURNS, *SALES, *ERASURES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in _TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("DELETE FROM change_counters WHERE name = 'sale_rules'")
    op.execute("ALTER TABLE lead_identities DROP COLUMN returned")
    for column in ("own_state", "billable", "billable_version"):
        op.execute(f"ALTER TABLE lead_progress DROP COLUMN {column}")
    for column in _PARTNER_COLUMNS:
        op.execute(f"ALTER TABLE partners DROP COLUMN {column.split(' ', 1)[0]}")
