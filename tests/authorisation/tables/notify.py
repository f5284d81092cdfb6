"""notify-svc: mails and rules are for supervisors; webhooks for admins, and for partners and sponsors their own."""

from typing import Final

from authorisation.rows import STAFF, Table, may

_OWNERS = "partner sponsor"
_RULE = {
    "name": "New rule",
    "event_types": ["intake.return.requested.v1"],
    "recipients": [{"kind": "address", "address": "a@matrix.test"}],
    "template_id": "{=template_id}",
}
_TEMPLATE = {"name": "New template", "subject": "Hello", "text": "Hello"}
_BOUNCE = {"kind": "bounce", "recipient": "gone@matrix.test", "permanent": True}

NOTIFY: Final[Table] = {
    "GET /v1/alarms": may(STAFF),
    "POST /v1/email-bounces": may("admin integration", body=_BOUNCE),
    "POST /v1/email-recipients": may(STAFF, body={"address": "new@matrix.test"}),
    "GET /v1/email-recipients": may(STAFF, shows="recipient_id"),
    "POST /v1/email-recipients/search": may(STAFF, body={}, shows="recipient_id"),
    "GET /v1/email-recipients/{recipient_id}": may(STAFF),
    "PATCH /v1/email-recipients/{recipient_id}": may(STAFF, body={"digest": "daily"}),
    "DELETE /v1/email-recipients/{recipient_id}": may(STAFF),
    "GET /v1/email-suppressions": may(STAFF, shows="suppression_id"),
    "POST /v1/email-suppressions/search": may(STAFF, body={}, shows="suppression_id"),
    "POST /v1/email-suppressions": may(STAFF, body={"address": "new@matrix.test", "reason": "asked"}),
    "GET /v1/email-suppressions/{suppression_id}": may(STAFF),
    "DELETE /v1/email-suppressions/{suppression_id}": may("admin"),
    "GET /v1/emails": may(STAFF, shows="email_id"),
    "POST /v1/emails/search": may(STAFF, body={}, shows="email_id"),
    "GET /v1/emails/{email_id}": may(STAFF),
    "POST /v1/emails/{email_id}/resend": may(STAFF),
    "GET /v1/notification-rules": may(STAFF, shows="rule_id"),
    "POST /v1/notification-rules": may(STAFF, body=_RULE),
    "GET /v1/notification-rules/{rule_id}": may(STAFF),
    "PATCH /v1/notification-rules/{rule_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/notification-rules/{rule_id}": may(STAFF),
    "GET /v1/notification-rules/{rule_id}/versions": may(STAFF),
    "GET /v1/templates": may(STAFF, shows="template_id"),
    "POST /v1/templates": may(STAFF, body=_TEMPLATE),
    "GET /v1/templates/{template_id}": may(STAFF),
    "PATCH /v1/templates/{template_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/templates/{template_id}": may(STAFF),
    "POST /v1/templates/{template_id}/preview": may(STAFF, body={}),
    "POST /v1/templates/{template_id}/test": may(STAFF, body={"to": "me@matrix.test"}),
    "GET /v1/templates/{template_id}/versions": may(STAFF),
    "GET /v1/webhook-deliveries": [
        may(f"admin {_OWNERS}", shows="delivery_id"),
        may("admin", own=_OWNERS, query={"endpoint_id": "{endpoint_id}"}),
    ],
    "GET /v1/webhook-deliveries/{delivery_id}": may("admin", own=_OWNERS),
    "POST /v1/webhook-deliveries/{delivery_id}/replay": may("admin", own=_OWNERS),
    "POST /v1/webhook-endpoints": may(f"admin {_OWNERS}", body={"url": "http://127.0.0.1:18443/new"}),
    "GET /v1/webhook-endpoints": may(f"admin {_OWNERS}", shows="endpoint_id"),
    "GET /v1/webhook-endpoints/{endpoint_id}": may("admin", own=_OWNERS),
    "PATCH /v1/webhook-endpoints/{endpoint_id}": may("admin", own=_OWNERS, body={"description": "Other"}),
    "DELETE /v1/webhook-endpoints/{endpoint_id}": may("admin", own=_OWNERS),
    "POST /v1/webhook-endpoints/{endpoint_id}/incoming": may(),  # signed by the other installation, whoever calls
    "POST /v1/webhook-endpoints/{endpoint_id}/recover": may(
        "admin", own=_OWNERS, body={"since": "2026-11-01T00:00:00Z"}
    ),
    "POST /v1/webhook-endpoints/{endpoint_id}/rotate-secret": may("admin", own=_OWNERS, body={}),
    "POST /v1/webhook-endpoints/{endpoint_id}/test": may("admin", own=_OWNERS),
}
