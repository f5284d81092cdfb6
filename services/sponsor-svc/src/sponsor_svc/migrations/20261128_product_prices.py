"""What a product costs, where it has one price (A1.12)."""

from alembic import op

revision = "20261128_product_prices"
down_revision = "20261127_crm_campaigns"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE products ADD COLUMN price jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE products DROP COLUMN price")
