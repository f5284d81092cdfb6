"""sponsor-svc: supervisors edit, sponsors see theirs, who works leads sees names (V4.3: no prices)."""

from typing import Final

from authorisation import side
from authorisation.rows import EVERYBODY, STAFF, Table, may

_ACCOUNT = {"user_id": "account_id"}
_NAMES = f"{STAFF} leads_agent call_centre"
_PROJECT = {"name": "New project", "kind": "outbound", "sponsor_id": "{=sponsor_id}"}

SPONSOR: Final[Table] = {
    "POST /v1/sponsors": may("admin", body={"name": "New sponsor"}),
    "GET /v1/sponsors": may(f"{_NAMES} sponsor", shows="sponsor_id"),
    "GET /v1/sponsors/{sponsor_id}": may(_NAMES, own="sponsor", shows="sponsor_id"),
    "PATCH /v1/sponsors/{sponsor_id}": may("admin", body={"contact": "Somebody"}),
    "POST /v1/projects": may(STAFF, body=_PROJECT),
    "GET /v1/projects": [
        may(f"{_NAMES} sponsor", shows="project_id"),
        may(_NAMES, own="sponsor", query={"sponsor_id": "{sponsor_id}"}),
    ],
    "GET /v1/projects/{project_id}": may(_NAMES, own="sponsor", shows="project_id"),
    "PATCH /v1/projects/{project_id}": may(STAFF, body={"name": "Other"}),
    "POST /v1/projects/{project_id}/activate": may(STAFF),
    "POST /v1/projects/{project_id}/passivate": may(STAFF),
    "POST /v1/products": may(STAFF, body={"name": "New product", "sponsor_id": "{=sponsor_id}"}),
    "GET /v1/products": [
        may(f"{_NAMES} sponsor", shows="product_id"),
        may(_NAMES, own="sponsor", query={"sponsor_id": "{sponsor_id}"}),
    ],
    "GET /v1/products/{product_id}": may(_NAMES, own="sponsor", shows="product_id"),
    "PATCH /v1/products/{product_id}": may(STAFF, body={"name": "Other"}),
    "POST /v1/contact-lists": may(f"{STAFF} sponsor", body={"name": "New list", "sponsor_id": "{=sponsor_id}"}),
    "GET /v1/contact-lists": [
        may(f"{_NAMES} sponsor", shows="list_id"),
        may(_NAMES, own="sponsor", query={"project_id": "{project_id}"}),
    ],
    "GET /v1/contact-lists/{list_id}": may(_NAMES, own="sponsor", shows="list_id"),
    "PATCH /v1/contact-lists/{list_id}": [
        may(STAFF, body={"name": "Other"}),
        may(STAFF, own="sponsor", body={"expires_on": "2090-01-01"}),
    ],
    "PUT /v1/crm/campaigns/{external_id}": may(
        "admin integration", body={"name": "Announced", "sponsor_id": "{=sponsor_id}"}
    ),
    "GET /v1/crm/campaigns/{external_id}": may(f"{STAFF} integration"),
    "GET /v1/sponsor-accounts/settings": may("admin"),
    "PUT /v1/sponsor-accounts/settings": may("admin", body={"enabled": True}),
    "POST /v1/sponsor-accounts": may("admin", body={"user_id": "usr_another", "sponsor_ids": ["{=sponsor_id}"]}),
    "GET /v1/sponsor-accounts": may("admin", shows="account_id"),
    "GET /v1/sponsor-accounts/{user_id}": may("admin", objects=_ACCOUNT),
    "PATCH /v1/sponsor-accounts/{user_id}": may("admin", body={"pages": ["leads"]}, objects=_ACCOUNT),
    "POST /v1/statistics-links": may("admin sponsor", body={"sponsor_id": "{=sponsor_id}", "expires_at": side.soon()}),
    "GET /v1/statistics-links": may("admin sponsor", shows="link_id"),
    "GET /v1/statistics-links/{link_id}": may("admin", own="sponsor", shows="link_id"),
    "DELETE /v1/statistics-links/{link_id}": may("admin", own="sponsor"),
    # Whoever has a link opens it, whoever that is; what it shows needs the ticket, which nobody has by signing in.
    "POST /v1/shared-statistics": may(EVERYBODY, body={"token": "{=link_token}"}),
    "GET /v1/shared-statistics": may(),
    "GET /v1/shared-statistics/stream": may(),
    "GET /v1/statistics": [
        may(f"{STAFF} sponsor"),
        may(STAFF, own="sponsor", query={"sponsor_id": "{sponsor_id}"}),
        may(STAFF, own="sponsor", query={"project_id": "{project_id}", "by": "day"}),
        may(STAFF, own="sponsor", query={"product_id": "{product_id}"}),
        may(STAFF, own="sponsor", query={"contact_list_id": "{list_id}"}),
    ],
    "GET /v1/statistics/stream": [
        may(f"{STAFF} sponsor"),
        may(STAFF, own="sponsor", query={"sponsor_id": "{sponsor_id}"}),
        may(STAFF, own="sponsor", query={"project_id": "{project_id}"}),
    ],
}
