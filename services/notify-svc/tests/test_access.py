"""Who may see mails, templates, rules and the rest: supervisors and admins only."""

from typing import Any

import pytest
from servicekit.testing import ServiceUnderTest

EMAILS = "/v1/emails"


@pytest.mark.parametrize("level", ["leads_agent", "call_centre", "sponsor", "partner", "integration"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", EMAILS),
        ("GET", EMAILS + "/{id}"),
        ("POST", EMAILS + "/{id}/resend"),
        *(
            (method, path)
            for each in (
                "templates/purchase",
                "notification-rules/rul_return",
                "email-recipients/x",
                "email-suppressions/x",
            )
            for method, path in (
                ("GET", f"/v1/{each.partition('/')[0]}"),
                ("GET", f"/v1/{each}"),
                ("DELETE", f"/v1/{each}"),
            )
        ),
        ("GET", "/v1/templates/purchase/versions"),
        ("POST", "/v1/templates/purchase/preview"),
        ("GET", "/v1/notification-rules/rul_return/versions"),
        ("PATCH", "/v1/templates/purchase"),
        ("PATCH", "/v1/notification-rules/rul_return"),
        ("PATCH", "/v1/email-recipients/x"),
        ("GET", "/v1/alarms"),
    ],
)
async def test_nobody_else_sees_mails_or_templates(  # noqa: PLR0917 -- a matrix
    service: ServiceUnderTest, mailer: Any, make_lead: Any, make_partner: Any, level: str, method: str, path: str
):
    await service.deliver(make_partner())
    await service.deliver(make_lead())
    [row] = await mailer.rows()
    headers = service.headers(level, partner_id="ptr_1", sponsor_id="spo_1")
    body: dict[str, Any] = {"json": {}} if method == "PATCH" or path.endswith("preview") else {}
    answer = await service.http.request(method, path.format(id=row["id"]), headers=headers, **body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await service.http.request(method, path.format(id=row["id"]), **body)).status_code == 401
