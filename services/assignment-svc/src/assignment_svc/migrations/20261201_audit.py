"""The audit journal, what it watches (G6.5)."""

from alembic import op
from servicekit.audit.tables import CREATE_JOURNAL, DROP_JOURNAL, watch
from servicekit.dead_letters.tables import CREATE_INDEX, DROP_INDEX

revision = "20261201_audit"
down_revision = "20261201_reserved_for"

WATCHES = (
    watch("dispositions", "disposition", "disposition_id", silent=["name_normalised"]),
    watch("agent_options", "agent_options", "agent_id"),
    watch("campaign_agents", "campaign_agent", "project_id", silent=["given_at"]),
    watch("campaign_fields", "campaign_fields", "project_id"),
    watch("campaign_outcomes", "campaign_outcome", "outcome_id", silent=["name_normalised", "used"]),
    watch("campaign_rules", "campaign_rules", "project_id"),
    watch("campaign_settings", "campaign_settings", "project_id"),
    watch("campaign_templates", "campaign_template", "project_id"),
    watch("campaign_tools", "campaign_tool", "tool_id"),
    watch("survey_templates", "survey_template", "template_id"),
    watch("survey_versions", "survey_template", "template_id"),
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (*CREATE_JOURNAL, CREATE_INDEX, *WATCHES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (DROP_INDEX, *DROP_JOURNAL):
        op.execute(statement)
