"""lead-intake-svc: partners see what they sent, sponsors the leads of theirs, agents the lead that is theirs."""

from typing import Final

from authorisation.rows import PARTNERS, STAFF, Table, may

_READERS = f"{STAFF} partner key test_key"
_PERSON = {"email": "nobody@nowhere.example"}
_LEAD = {"external_id": "new", "project_id": "{=project_id}", "phone": "+358401234567", "last_name": "Uusi"}
_PARTNER = {"name": "New partner", "contact_person": "P", "email": "new@matrix.test", "sells_leads": True}
_FORM = {"partner_id": "{=partner_id}", "project_id": "{=project_id}", "name": "New", "mapping": {"phone": "tel"}}
_RETURNED = {"lead_id": "returned_lead_id"}
_QUARANTINED = {"lead_id": "quarantined_lead_id"}
_FILE = "external_id,phone\nnew,+358401234567\n"
_LIST = {"name": "New list", "as_of": "2026-11-01", "kind": "phone"}

INTAKE: Final[Table] = {
    "POST /v1/partners": may("admin", body=_PARTNER),
    "GET /v1/partners": may(f"{STAFF} partner", shows="partner_id"),
    "GET /v1/partners/{partner_id}": may(STAFF, own="partner", shows="partner_id"),
    "PATCH /v1/partners/{partner_id}": may("admin", body={"notes": "Other"}),
    "POST /v1/partners/{partner_id}/api-keys": may("admin", body={"name": "New"}),
    "GET /v1/partners/{partner_id}/api-keys": may(STAFF, own="partner", shows="key_id"),
    "DELETE /v1/partners/{partner_id}/api-keys/{key_id}": may("admin"),
    "POST /v1/partners/{partner_id}/api-keys/{key_id}/rotate": may("admin", body={}),
    "GET /v1/partners/{partner_id}/credits": may(STAFF, own=PARTNERS),
    "GET /v1/partners/{partner_id}/performance": may(STAFF, own=PARTNERS),
    "POST /v1/leads": may("key test_key", body=_LEAD),
    "POST /v1/leads/batch": may("key test_key", body=[_LEAD]),
    "GET /v1/leads": [
        may(f"{_READERS} sponsor", shows="lead_id"),
        may(STAFF, own=f"{PARTNERS} sponsor", query={"project_id": "{project_id}"}),
        may(STAFF, own=f"{PARTNERS} sponsor", query={"partner_id": "{partner_id}"}),
    ],
    "POST /v1/leads/search": [
        may(f"{_READERS} sponsor", body={}, shows="lead_id"),
        may(STAFF, own=f"{PARTNERS} sponsor", body={"project_id": "{project_id}", "phone": "+358401111111"}),
    ],
    "GET /v1/leads/export": [
        may(f"{_READERS} sponsor", query={"format": "json"}, shows="lead_id"),
        may(STAFF, own=f"{PARTNERS} sponsor", query={"format": "csv", "project_id": "{project_id}"}),
    ],
    "GET /v1/leads/{lead_id}": may(STAFF, own=f"{PARTNERS} sponsor leads_agent", shows="lead_id"),
    "GET /v1/leads/{lead_id}/timeline": may(STAFF, own=f"{PARTNERS} sponsor leads_agent"),
    "POST /v1/leads/bulk-edit": may(
        f"{STAFF} call_centre",
        own=PARTNERS,
        body={"edits": [{"lead_id": "{quarantined_lead_id}", "changes": {"last_name": "Uusi"}}]},
    ),
    "POST /v1/leads/{lead_id}/decision": may(
        STAFF, objects=_QUARANTINED, body={"decision": "reject", "reason": "made up"}
    ),
    "POST /v1/leads/consent/revoke": may(
        f"{STAFF} integration {PARTNERS}", body={"kind": "email", "value": "nobody@nowhere.example"}
    ),
    "POST /v1/leads/{lead_id}/consent/revoke": may(f"{STAFF} integration", own=PARTNERS),
    "PUT /v1/leads/{lead_id}/replacement": may("admin", body={"original_id": "{returned_lead_id}"}),
    "DELETE /v1/leads/{lead_id}/replacement": may("admin", may_be_absent=True),
    "POST /v1/erasures": may("admin", body=_PERSON),
    "GET /v1/erasures": may("admin", shows="erasure_id"),
    "GET /v1/erasures/{erasure_id}": may("admin"),
    "POST /v1/erasures/access": may("admin", body=_PERSON),
    "POST /v1/erasures/holds": may("admin", body={"reason": "a dispute", "lead_id": "{lead_id}"}),
    "GET /v1/erasures/holds": may("admin", shows="hold_id"),
    "DELETE /v1/erasures/holds/{hold_id}": may("admin"),
    "POST /v1/forms": may(STAFF, body=_FORM),
    "GET /v1/forms": may(f"{STAFF} partner", shows="form_id"),
    "GET /v1/forms/{form_id}": may(STAFF, own="partner"),
    "PATCH /v1/forms/{form_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/forms/{form_id}": may(STAFF),
    # The form is public; who sends credentials must send a key of the form's partner.
    "POST /v1/forms/{form_id}": may("anonymous", own="key test_key", body={"tel": "+358401234567"}),
    "POST /v1/imports": may(
        STAFF, own=PARTNERS, form={"project_id": "{=project_id}", "partner_id": "{partner_id}"}, file=_FILE
    ),
    "GET /v1/imports": may(_READERS, shows="import_id"),
    "GET /v1/imports/{import_id}": may(STAFF, own=PARTNERS),
    "GET /v1/imports/{import_id}/failures": may(STAFF, own=PARTNERS),
    "GET /v1/imports/{import_id}/rows": may(STAFF, own=PARTNERS),
    "POST /v1/imports/{import_id}/start": may(STAFF, own=PARTNERS, body={}),
    "POST /v1/imports/{import_id}/cancel": may(STAFF, own=PARTNERS),
    "POST /v1/imports/mappings": may(
        STAFF, own=PARTNERS, body={"name": "New", "columns": {"a": "phone"}, "partner_id": "{partner_id}"}
    ),
    "GET /v1/imports/mappings": may(_READERS, shows="mapping_id"),
    "GET /v1/imports/mappings/{mapping_id}": may(STAFF, own=PARTNERS),
    "PATCH /v1/imports/mappings/{mapping_id}": may(STAFF, own=PARTNERS, body={"name": "Other"}),
    "DELETE /v1/imports/mappings/{mapping_id}": may(STAFF, own=PARTNERS),
    "POST /v1/return-flags": may("admin", body={"name": "New flag"}),
    "GET /v1/return-flags": may(STAFF, shows="flag_id"),
    "PATCH /v1/return-flags/{flag_id}": may("admin", body={"name": "Other"}),
    "DELETE /v1/return-flags/{flag_id}": may("admin"),
    "POST /v1/returns": may(STAFF, own=PARTNERS, body={"lead_ids": ["{lead_id}"], "reason": "wrong number"}),
    "GET /v1/returns": [
        may(_READERS, shows="return_id"),
        may(STAFF, own=PARTNERS, query={"lead_id": "{returned_lead_id}"}),
    ],
    "GET /v1/returns/{return_id}": may(STAFF, own=PARTNERS, shows="return_id"),
    "POST /v1/returns/{return_id}/accept": may(STAFF, own=PARTNERS, body={}),
    "POST /v1/returns/{return_id}/decline": may(STAFF, own=PARTNERS, body={"answer": "no"}),
    "POST /v1/returns/{return_id}/dispute": may(STAFF, own=PARTNERS, body={"comment": "no"}),
    "POST /v1/returns/{return_id}/confirm": may(STAFF, body={"reason": "wrong number"}),
    "POST /v1/returns/{return_id}/dismiss": may(STAFF),
    "PUT /v1/returns/{return_id}/flags": may(STAFF, body={"flags": []}),
    "POST /v1/sales": may(STAFF, body={"lead_ids": ["{=free_lead_id}"], "buyer_id": "{partner_id}"}),
    "GET /v1/sales": may(_READERS, shows="sale_id"),
    "GET /v1/sales/{sale_id}": may(STAFF, own=PARTNERS),
    "POST /v1/sales/rules": may("admin", body={"buyer_id": "{=partner_id}"}),
    "GET /v1/sales/rules": may(STAFF, shows="rule_id"),
    "PATCH /v1/sales/rules/{rule_id}": may("admin", body={"place": 3}),
    "DELETE /v1/sales/rules/{rule_id}": may("admin"),
    "POST /v1/suppressions": may(STAFF, body={"kind": "email", "value": "new@nowhere.example"}),
    "POST /v1/suppressions/search": may(STAFF, body={"kind": "email", "value": "new@nowhere.example"}),
    "GET /v1/suppressions": may(STAFF, shows="suppression_id"),
    "GET /v1/suppressions/{suppression_id}": may(STAFF),
    "DELETE /v1/suppressions/{suppression_id}": may(STAFF),
    "POST /v1/suppression-lists": may(STAFF, form=_LIST, file="+358415555555\n"),
    "GET /v1/suppression-lists": may(STAFF, shows="list_id"),
    "GET /v1/suppression-lists/{list_id}": may(STAFF),
    "DELETE /v1/suppression-lists/{list_id}": may("admin"),
}
