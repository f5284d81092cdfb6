"""An agent's reading request is shown no leads but those that the agent may see (ADR 0023)."""

from alembic import op
from servicekit.row_security import AGENT, PERMISSIONS, expose, protect

revision = "20261206_queue_row_security"
down_revision = "20261202_orders_of_projects"

# Of agents whom a supervisor lets see the leads of their campaigns (A1.10); of others none. A function, since policies
# ask each other: a plan with this query in each of them took longer to make than to run.
FUNCTION = f"""
CREATE FUNCTION campaigns_shown() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(SELECT t.project_id FROM campaign_agents AS t JOIN agent_options AS o USING (agent_id)
    WHERE t.agent_id = {AGENT} AND NOT o.restrict_to_assigned)
"""
CAMPAIGNS = "((SELECT campaigns_shown())::text[])"
PENDING = f"state = 'pending' AND 'leads.pending.read' = ANY {PERMISSIONS}"
OF_AGENT = f"agent_id = {AGENT}"
OF_LEAD = "EXISTS (SELECT FROM leads AS l WHERE l.lead_id = {0}.lead_id)"
HIDDEN = (
    *("queue", "verdicts", "lead_facts", "lead_edits", "withdrawals", "suppressions", "assignment_batches", "partners"),
    "claim_timers",
)
# The policy of leads asks work_items whose lead it is, so that of work_items cannot ask leads for the campaign: who
# sees the leads of some campaigns sees the states of all that there are, which name nobody.
VISIBLE = {
    "work_items": f"{OF_AGENT} OR {PENDING} OR state NOT IN ('held', 'pending') AND cardinality({CAMPAIGNS}) > 0",
    "leads": f"""
        EXISTS (SELECT FROM work_items AS w WHERE w.lead_id = leads.lead_id
            AND (w.{OF_AGENT} OR w.state = 'pending' OR leads.project_id = ANY {CAMPAIGNS}))
    """,
    **{
        table: OF_LEAD.format(table)
        for table in ("orders", "history", "attempts", "offers", "locks", "survey_answers", "opportunities")
    },
    **dict.fromkeys(("callbacks", "drafts", "agent_options"), OF_AGENT),
    **dict.fromkeys(HIDDEN),
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(FUNCTION)
    protect(VISIBLE)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose(*VISIBLE)
    op.execute("DROP FUNCTION campaigns_shown")
