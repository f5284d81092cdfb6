"""The audit journal, what it watches, and the log of the whole platform (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261201_second_factor_tokens"

WATCHES = (
    watch("users", "user", silent=["email_normalised"], secret=["password_hash"]),
    watch("totp_factors", "second_factor", "user_id", silent=["last_step"], secret=["secret_sealed"]),
    watch("recovery_codes", "recovery_code", "user_id", secret=["code_hash"]),
    watch("api_tokens", "api_token", silent=["last_used_at"], secret=["token_hash"]),
    watch("sign_in_policy", "sign_in_policy", "one"),
)

CREATE_ENTRIES = (
    """
CREATE TABLE audit_entries (
    entry_id text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL,
    service text NOT NULL,
    actor text NOT NULL,
    access_level text NOT NULL,
    request_id text NOT NULL,
    operation text NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    subjects text[] NOT NULL,
    changes jsonb NOT NULL,
    details jsonb NOT NULL
)
""",
    "CREATE INDEX audit_entries_newest ON audit_entries (at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_actor ON audit_entries (actor, at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_object ON audit_entries (object_id, at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_kind ON audit_entries (object_kind, at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_service ON audit_entries (service, at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_action ON audit_entries (action, at DESC, entry_id DESC)",
    "CREATE INDEX audit_entries_by_request ON audit_entries (request_id) WHERE request_id <> ''",
    "CREATE INDEX audit_entries_by_subject ON audit_entries USING gin (subjects)",
    # Not even a mistake of ours: entries come and, by the owner of the schema, go; they never change.
    """
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND pg_has_role(
        current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER'
    ) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'audit entries are never changed' USING ERRCODE = 'insufficient_privilege';
END
$$
""",
    """
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()
""",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, *WATCHES, *CREATE_ENTRIES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in ("DROP TABLE audit_entries", "DROP FUNCTION audit_entry_stays()", DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
