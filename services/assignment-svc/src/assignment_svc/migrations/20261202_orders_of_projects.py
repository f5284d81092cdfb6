"""Orders say which project their lead belongs to: a campaign's report reads its own orders only."""

from alembic import op

revision = "20261202_orders_of_projects"
down_revision = "20261201_audit"

STATEMENTS = (
    'ALTER TABLE orders ADD COLUMN project_id text COLLATE "C"',
    "UPDATE orders o SET project_id = l.project_id FROM leads l WHERE l.lead_id = o.lead_id",
    "ALTER TABLE orders ALTER COLUMN project_id SET NOT NULL",
    "CREATE INDEX orders_project ON orders (project_id, lead_id, order_id)",
    "CREATE INDEX orders_project_status ON orders (project_id, status, lead_id, order_id)",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE orders DROP COLUMN project_id")
