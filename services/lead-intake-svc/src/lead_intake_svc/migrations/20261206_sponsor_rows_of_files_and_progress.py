"""Rows of imported files, and what became of leads, are shown to whom they belong (ADR 0023).

`lead_progress` says whose a lead is, which never changes: asking `leads` would be asking in a ring. Whoever adds a row
without saying it (the release before, an erasure) has it looked up. Workers of the release before cannot add to
`import_rows` any more, since they COPY: imports wait for workers of this one.
"""

from alembic import op
from servicekit.row_security import AGENT, PARTNER, SPONSORS, expose, protect

revision = "20261206_sponsor_rows"
down_revision = "20261201_row_security"

OF_BOTH = f"partner_id = {PARTNER} OR sponsor_id = ANY {SPONSORS}"
OF_IMPORT = "EXISTS (SELECT FROM imports AS i WHERE i.id = import_id)"
# Not EXISTS: the planner would rather read all there is, once, than ask for each of a page.
OF_AGENT = f"(SELECT p.work_agent_id FROM lead_progress AS p WHERE p.lead_id = id) = {AGENT}"
OF_WHOM = f"{OF_BOTH} OR work_agent_id = {AGENT}"
ADD_OWNERS = (
    'ALTER TABLE lead_progress ADD COLUMN partner_id text COLLATE "C", ADD COLUMN sponsor_id text COLLATE "C"',
    """
    UPDATE lead_progress AS p SET partner_id = l.partner_id, sponsor_id = l.sponsor_id FROM leads AS l
    WHERE l.id = p.lead_id
    """,
    """
    CREATE FUNCTION say_whose_lead() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT l.partner_id, l.sponsor_id INTO NEW.partner_id, NEW.sponsor_id FROM leads AS l WHERE l.id = NEW.lead_id;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER say_whose_lead BEFORE INSERT ON lead_progress FOR EACH ROW WHEN (NEW.partner_id IS NULL)
    EXECUTE FUNCTION say_whose_lead()
    """,
)
DROP_OWNERS = (
    "DROP TRIGGER say_whose_lead ON lead_progress",
    "DROP FUNCTION say_whose_lead",
    "ALTER TABLE lead_progress DROP COLUMN partner_id, DROP COLUMN sponsor_id",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in ADD_OWNERS:
        op.execute(statement)
    expose("lead_progress", "leads")
    protect({"leads": f"{OF_BOTH} OR {OF_AGENT}", "lead_progress": OF_WHOM, "import_rows": OF_IMPORT})


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    expose("lead_progress", "leads", "import_rows")
    held = f"EXISTS (SELECT FROM lead_progress AS p WHERE p.lead_id = id AND p.work_agent_id = {AGENT})"
    protect({"leads": f"{OF_BOTH} OR {held}", "lead_progress": f"{AGENT} IS NULL OR work_agent_id = {AGENT}"})
    for statement in DROP_OWNERS:
        op.execute(statement)
