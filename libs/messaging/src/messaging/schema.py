"""The tables that each service keeps for its messages: single statements for its first Alembic revision."""

# Rows live for milliseconds. Vacuum has to keep up with them, or every scan walks the dead entries at the head
# of the index: with these settings a table of short-lived rows kept its speed over a million rows.
_SHORT_LIVED = """
    autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_threshold = 100000, toast.autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_cost_delay = 0
"""

CREATE_TABLES: tuple[str, ...] = (
    f"""
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    attempts smallint NOT NULL DEFAULT 0,
    parked_at timestamptz,
    retry_at timestamptz,
    error text
) WITH ({_SHORT_LIVED})
""",
    "ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL",
    "COMMENT ON COLUMN outbox.retry_at IS 'when a parked row goes out again; without it, it waits for a person'",
    "CREATE INDEX outbox_parked ON outbox (retry_at) WHERE parked_at IS NOT NULL",
    """
CREATE TABLE relay_lease (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    token bigint NOT NULL,
    expires_at timestamptz NOT NULL
)
""",
    "INSERT INTO relay_lease (token, expires_at) VALUES (0, '-infinity')",
    """
CREATE TABLE inbox (
    subscription text NOT NULL,
    message_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscription, message_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05)
""",
    """
CREATE TABLE inbox_suspects (
    subscription text NOT NULL,
    message_id uuid NOT NULL,
    tries smallint NOT NULL,
    tried_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscription, message_id)
)
""",
    f"""
CREATE TABLE delayed_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    message_id uuid NOT NULL,
    body bytea NOT NULL,
    attempts smallint NOT NULL,
    waits smallint NOT NULL,
    due_at timestamptz NOT NULL
) WITH ({_SHORT_LIVED})
""",
    "CREATE INDEX delayed_messages_due ON delayed_messages (due_at)",
    """
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL,
    queue text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    failure text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL,
    died_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
    decided_by text,
    decided_at timestamptz,
    UNIQUE (queue, message_id)
)
""",
    "CREATE INDEX dead_letters_waiting ON dead_letters (queue, type, failure, died_at) WHERE state = 'waiting'",
)
# Of a later revision: what may not be kept in a message that dies after it was forgotten.
CREATE_FORGOTTEN = "CREATE TABLE forgotten (id bytea PRIMARY KEY, forgotten_at timestamptz NOT NULL DEFAULT now())"
