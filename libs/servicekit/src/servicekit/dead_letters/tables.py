"""What listing dead letters over HTTP needs, for a service's Alembic revision."""

CREATE_INDEX = "CREATE INDEX dead_letters_newest ON dead_letters (state, died_at DESC, id DESC)"
DROP_INDEX = "DROP INDEX dead_letters_newest"
