"""What leaves no audit entry here, and why."""

from servicekit.audit import Rules

RULES = Rules(
    exempt={
        "POST /v1/email-bounces": "told by mail servers; the ledger keeps it",
        "POST /v1/webhook-endpoints/{endpoint_id}/incoming": "told by a buyer's system; the return keeps it",
        "POST /v1/emails/search": "it reads, and changes nothing",
        "POST /v1/email-recipients/search": "it reads, and changes nothing",
        "POST /v1/email-suppressions/search": "it reads, and changes nothing",
        "POST /v1/templates/{template_id}/preview": "writes nothing",
    }
)
