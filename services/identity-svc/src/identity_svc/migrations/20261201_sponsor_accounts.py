"""What sponsor accounts see, as sponsor-svc says (S0.11): users of level sponsor without an account see nothing."""

from alembic import op

revision = "20261201_sponsor_accounts"
down_revision = "20261201_audit"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    # No reference to users: the events of two services come in any order.
    op.execute("""
CREATE TABLE sponsor_rights (
    user_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    sponsor_ids text[] NOT NULL,
    pages text[] NOT NULL
)
""")
    op.execute("ALTER TABLE users DROP CONSTRAINT users_check")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("""
ALTER TABLE users ADD CONSTRAINT users_check CHECK (access_level <> 'sponsor' OR sponsor_id IS NOT NULL) NOT VALID
""")
    op.execute("DROP TABLE sponsor_rights")
