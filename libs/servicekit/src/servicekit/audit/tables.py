"""The journal, and the triggers that fill it: single statements for a service's Alembic revision."""

from collections.abc import Sequence

CREATE_JOURNAL: tuple[str, ...] = (
    """
CREATE TABLE audit_journal (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    actor text,
    access_level text,
    request_id text,
    operation text,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    subjects text[] NOT NULL DEFAULT '{}',
    changes jsonb NOT NULL DEFAULT '[]',
    details jsonb NOT NULL DEFAULT '{}'
) WITH (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0)
""",
    "CREATE INDEX audit_journal_of_transaction ON audit_journal (transaction)",
    # Arguments: what the row is, the column with its id, columns that tell nothing, columns whose values stay secret.
    """
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    doer jsonb := coalesce(
        nullif(current_setting('leadwire.audit', true), '')::jsonb, jsonb_build_object('actor', 'system')
    );
    silent text[] := string_to_array(TG_ARGV[2], ',') || '{version,created_at,updated_at,changed_at}';
    secret text[] := string_to_array(TG_ARGV[3], ',');
    was jsonb := '{}';
    becomes jsonb := '{}';
    changes jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := jsonb_strip_nulls(to_jsonb(OLD)) - silent; END IF;
    IF TG_OP <> 'DELETE' THEN becomes := jsonb_strip_nulls(to_jsonb(NEW)) - silent; END IF;
    SELECT jsonb_agg(
        jsonb_build_object(
            'field', name,
            'before', CASE WHEN was ? name AND hidden THEN to_jsonb('***'::text) ELSE was->name END,
            'after', CASE WHEN becomes ? name AND hidden THEN to_jsonb('***'::text) ELSE becomes->name END
        ) ORDER BY name
    )
    INTO changes
    FROM (
        SELECT name, name = ANY (secret) OR name ~ '(password|secret|hash|digest|token|sealed|pepper|_key$)' AS hidden
        FROM jsonb_object_keys(was || becomes) AS name
        WHERE was->name IS DISTINCT FROM becomes->name
    ) AS changed;
    IF changes IS NULL AND TG_OP = 'UPDATE' THEN RETURN NULL; END IF;
    INSERT INTO audit_journal (actor, access_level, request_id, operation, action, object_kind, object_id, changes,
        details)
    VALUES (
        doer->>'actor', doer->>'access_level', doer->>'request_id', doer->>'operation',
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_ARGV[0], coalesce((CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END)->>TG_ARGV[1], ''),
        coalesce(changes, '[]'),
        CASE WHEN doer ? 'operation' THEN '{}' ELSE jsonb_build_object('database_user', session_user) END
    );
    RETURN NULL;
END
$$
""",
)
DROP_JOURNAL: tuple[str, ...] = ("DROP TABLE audit_journal", "DROP FUNCTION audit_row() CASCADE")


def watch(table: str, kind: str, key: str = "id", *, silent: Sequence[str] = (), secret: Sequence[str] = ()) -> str:
    """Every change of a row leaves an entry about the `kind` with the id in the column `key`.

    `silent` columns tell nothing (as `version` and the times of changes never do); of `secret` ones only that they
    changed. A column that is named like a secret is one.
    """
    arguments = ", ".join(f"'{text}'" for text in (kind, key, ",".join(silent), ",".join(secret)))
    return f"""
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION audit_row({arguments})
"""
