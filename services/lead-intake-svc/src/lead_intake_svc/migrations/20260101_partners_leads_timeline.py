"""Partners, keys, leads with what duplicates are decided on, suppressions, progress and timeline."""

from alembic import op
from messaging.schema import CREATE_TABLES
from servicekit.idempotency import CREATE_TABLES as IDEMPOTENCY_TABLES

revision = "20260101"
down_revision = None

PARTNERS = (
    """
    CREATE TABLE partners (
        id text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        contact_person text NOT NULL,
        phone text,
        email text NOT NULL,
        address text,
        notes text,
        sells_leads boolean NOT NULL,
        buys_leads boolean NOT NULL,
        default_location text NOT NULL CHECK (default_location IN ('pending', 'queue')),
        force_default_location boolean NOT NULL,
        priority text NOT NULL CHECK (priority IN ('normal', 'medium', 'high')),
        purchase_notification_emails text[] NOT NULL,
        return_notification_emails text[] NOT NULL,
        include_comments_with_return boolean NOT NULL,
        auto_response_template_id text,
        is_test boolean NOT NULL,
        active boolean NOT NULL,
        internal boolean NOT NULL DEFAULT false,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (active OR NOT internal)
    )
    """,
    "CREATE UNIQUE INDEX partners_internal ON partners (internal) WHERE internal",
    """
    INSERT INTO partners (id, name, contact_person, email, sells_leads, buys_leads, default_location,
        force_default_location, priority, purchase_notification_emails, return_notification_emails,
        include_comments_with_return, is_test, active, internal)
    VALUES ('ptr_internal', 'Internal', 'Administrator', 'internal@localhost', true, false, 'queue',
        false, 'normal', '{}', '{}', true, false, true, true)
    """,
    """
    CREATE FUNCTION keep_internal_partner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.internal THEN RAISE EXCEPTION 'the internal partner cannot be deleted'; END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER partners_keep_internal BEFORE DELETE ON partners
    FOR EACH ROW EXECUTE FUNCTION keep_internal_partner()
    """,
    """
    CREATE TABLE partner_keys (
        id text COLLATE "C" PRIMARY KEY,
        partner_id text COLLATE "C" NOT NULL REFERENCES partners,
        name text,
        digest bytea NOT NULL CHECK (octet_length(digest) = 32),
        scopes text[] NOT NULL,
        test boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX partner_keys_partner ON partner_keys (partner_id, id)",
    """
    CREATE TABLE change_counters (name text PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50)
    """,
    """
    COMMENT ON TABLE change_counters IS
        'One row per kind of reference data. Processes reload their copy when the number has moved.'
    """,
    "INSERT INTO change_counters VALUES ('partners', 1), ('keys', 1), ('projects', 1), ('suppressions', 1)",
)

PROJECTIONS = (
    """
    CREATE TABLE projects (
        id text COLLATE "C" PRIMARY KEY,
        sequence bigint NOT NULL,
        sponsor_id text COLLATE "C",
        state text NOT NULL,
        call_centre_validation boolean NOT NULL,
        after_validation text NOT NULL,
        region text NOT NULL,
        duplicates jsonb NOT NULL,
        checks jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE contact_lists (
        id text COLLATE "C" PRIMARY KEY,
        sequence bigint NOT NULL,
        project_id text COLLATE "C",
        expired boolean NOT NULL
    )
    """,
)

LEADS = (
    """
    CREATE TABLE leads (
        id text COLLATE "C" PRIMARY KEY,
        partner_id text COLLATE "C" NOT NULL,
        external_id text COLLATE "C" NOT NULL,
        project_id text COLLATE "C" NOT NULL,
        sponsor_id text COLLATE "C",
        contact_list_id text COLLATE "C",
        status text NOT NULL CHECK (status IN ('accepted', 'rejected', 'quarantined')),
        reason text,
        test boolean NOT NULL,
        held boolean NOT NULL,
        asked_location text CHECK (asked_location IN ('pending', 'queue')),
        location text CHECK (location IN ('pending', 'queue')),
        priority text NOT NULL,
        first_name text,
        last_name text,
        phone text COLLATE "C",
        email text COLLATE "C",
        content jsonb NOT NULL,
        problems jsonb NOT NULL,
        duplicate_of text COLLATE "C",
        fingerprint bytea NOT NULL,
        received_at timestamptz NOT NULL,
        updated_at timestamptz,
        version integer NOT NULL DEFAULT 1,
        CHECK ((status = 'accepted') = (location IS NOT NULL)),
        CHECK ((status = 'accepted') = (reason IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX leads_external ON leads (external_id, partner_id)",
    "CREATE INDEX leads_partner ON leads (partner_id, id)",
    "CREATE INDEX leads_project ON leads (project_id, id)",
    "CREATE INDEX leads_sponsor ON leads (sponsor_id, id) WHERE sponsor_id IS NOT NULL",
    "CREATE INDEX leads_rejected_phone ON leads (phone) WHERE status = 'rejected' AND phone IS NOT NULL",
    "CREATE INDEX leads_rejected_email ON leads (email) WHERE status = 'rejected' AND email IS NOT NULL",
    """
    CREATE TABLE lead_identities (
        kind text COLLATE "C" NOT NULL,
        value text COLLATE "C" NOT NULL,
        n integer NOT NULL,
        lead_id text COLLATE "C" NOT NULL,
        partner_id text COLLATE "C" NOT NULL,
        project_id text COLLATE "C" NOT NULL,
        sponsor_id text COLLATE "C",
        received_at timestamptz NOT NULL,
        PRIMARY KEY (kind, value, n)
    )
    """,
    """
    COMMENT ON TABLE lead_identities IS
        'Who has a phone or an e-mail, numbered from 1: two writers that saw the same number cannot both add the next'
    """,
    """
    CREATE TABLE lead_revisions (
        lead_id text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_fields text[] NOT NULL,
        before jsonb NOT NULL,
        PRIMARY KEY (lead_id, version)
    )
    """,
    """
    CREATE TABLE suppressions (
        id text COLLATE "C" PRIMARY KEY,
        kind text COLLATE "C" NOT NULL CHECK (kind IN ('phone', 'email', 'domain')),
        value text COLLATE "C" NOT NULL,
        scope text COLLATE "C" NOT NULL CHECK (scope IN ('global', 'sponsor', 'project')),
        scope_id text COLLATE "C",
        created_at timestamptz NOT NULL DEFAULT now(),
        CHECK ((scope = 'global') = (scope_id IS NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX suppressions_value ON suppressions (kind, value, scope, (coalesce(scope_id, '')))
    """,
)

PROGRESS = (
    # Six small updates a lead: they stay in a narrow table of their own, in place (HOT), away from the wide one.
    """
    CREATE TABLE lead_progress (
        lead_id text COLLATE "C" PRIMARY KEY,
        work_state text,
        work_version bigint NOT NULL DEFAULT 0,
        work_agent_id text COLLATE "C",
        contact_status text,
        case_version bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor = 60)
    """,
    """
    CREATE TABLE timeline (
        lead_id text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        actor text COLLATE "C",
        event text NOT NULL,
        summary text NOT NULL,
        data jsonb NOT NULL,
        PRIMARY KEY (lead_id, at, event_id)
    )
    """,
)


def upgrade() -> None:
    for statement in (*CREATE_TABLES, *IDEMPOTENCY_TABLES, *PARTNERS, *PROJECTIONS, *LEADS, *PROGRESS):
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "timeline", "lead_progress", "suppressions", "lead_revisions", "lead_identities", "leads", "contact_lists",
        "projects", "change_counters", "partner_keys", "partners", "idempotency_keys", "dead_letters",
        "delayed_messages", "inbox_suspects", "inbox", "relay_lease", "outbox",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION keep_internal_partner")
