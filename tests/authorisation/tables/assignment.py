"""assignment-svc: supervisors see all, agents the leads that are theirs and the campaigns they are on."""

from typing import Final

from authorisation.rows import AGENTS, STAFF, Table, may
from authorisation.side import soon

_AGENT = "leads_agent"
_LINES = [{"name": "first_name", "in_view": True, "on_page": True, "editable": False}]
_SURVEY = {"name": "New survey", "questions": [{"key": "roof", "type": "text", "label": "Roof"}]}
_CALLBACK = {"lead_id": "callback_lead_id"}

ASSIGNMENT: Final[Table] = {
    "GET /v1/agents": may(STAFF, shows="agent_id"),
    "POST /v1/agents/me/heartbeat": may(AGENTS),
    "GET /v1/agents/me/report": may(AGENTS),
    "GET /v1/agents/{agent_id}/assignments": may(STAFF, own=_AGENT, shows="lead_id"),
    "GET /v1/agents/{agent_id}/options": may(STAFF, own=_AGENT),
    "PATCH /v1/agents/{agent_id}/options": may(STAFF, body={"restrict_to_assigned": True}),
    "POST /v1/assignments": may(STAFF, body={"lead_id": "{lead_id}", "agent_id": "{=agent_id}"}),
    "POST /v1/assignments/batch": may(STAFF, body={"lead_ids": ["{lead_id}"], "agent_id": "{=agent_id}"}),
    "GET /v1/assignments/batch": may(STAFF, shows="batch_id"),
    "GET /v1/assignments/batch/{batch_id}": may(STAFF),
    "GET /v1/callbacks": [
        may(AGENTS, shows="callback_id"),
        may(STAFF, own=_AGENT, query={"agent_id": "{agent_id}"}),
    ],
    "GET /v1/callbacks/{callback_id}": may(STAFF, own=_AGENT),
    "PATCH /v1/callbacks/{callback_id}": may(STAFF, own=_AGENT, body={"private": False}),
    "DELETE /v1/callbacks/{callback_id}": may(STAFF, own=_AGENT),
    "GET /v1/campaigns": may(AGENTS, shows="project_id"),
    "GET /v1/campaigns/{project_id}": may(STAFF, own=_AGENT),
    "GET /v1/campaigns/{project_id}/agents": may(STAFF),
    "PUT /v1/campaigns/{project_id}/agents": may(STAFF, body={"agent_ids": ["{=agent_id}"]}),
    "POST /v1/campaigns/{project_id}/agents/copy": may(
        STAFF, body={"from_project_id": "{=validated_project_id}", "dry_run": True}
    ),
    "GET /v1/campaigns/{project_id}/fields": may(STAFF, own=_AGENT),
    "PUT /v1/campaigns/{project_id}/fields": may(STAFF, body={"fields": _LINES}),
    "GET /v1/campaigns/{project_id}/outcomes": may(STAFF, own=_AGENT),
    "POST /v1/campaigns/{project_id}/outcomes": may(STAFF, body={"name": "New outcome"}),
    "DELETE /v1/campaigns/{project_id}/outcomes/{outcome_id}": may(STAFF),
    "GET /v1/campaigns/{project_id}/rules": may(STAFF),
    "PUT /v1/campaigns/{project_id}/rules": may(STAFF, body={"mode": "pull"}),
    "GET /v1/campaigns/{project_id}/settings": may(STAFF, own=_AGENT),
    "PATCH /v1/campaigns/{project_id}/settings": may(STAFF, body={"lock_minutes": 20}),
    "GET /v1/campaigns/{project_id}/target-group": may(STAFF, own=_AGENT),
    "POST /v1/campaigns/{project_id}/target-group": may(
        STAFF, body={"agent_id": "{=agent_id}", "contact_ids": ["{=lead_id}"]}
    ),
    "POST /v1/campaigns/{project_id}/target-group/reassign": may(
        STAFF, body={"from_agent_id": "{=agent_id}", "to_agent_id": "{=agent_id}"}
    ),
    "POST /v1/campaigns/{project_id}/target-group/unassign": may(STAFF, body={}),
    "GET /v1/campaigns/{project_id}/templates": may(STAFF, own=_AGENT),
    "PUT /v1/campaigns/{project_id}/templates": may(STAFF, body={"survey_template_ids": []}),
    "GET /v1/campaigns/{project_id}/tools": may(STAFF, own=_AGENT),
    "POST /v1/campaigns/{project_id}/tools": may(STAFF, body={"name": "New tool", "module": "energy"}),
    "GET /v1/campaigns/{project_id}/tools/{tool_id}": may(STAFF, own=_AGENT),
    "PATCH /v1/campaigns/{project_id}/tools/{tool_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/campaigns/{project_id}/tools/{tool_id}": may(STAFF),
    "GET /v1/customers": [
        may(AGENTS, shows="lead_id"),
        may(STAFF, own=_AGENT, query={"agent_id": "{agent_id}"}),
    ],
    "POST /v1/customers/search": [
        may(AGENTS, body={"q": "Kanarialintu"}, shows="lead_id"),
        may(STAFF, own=_AGENT, body={"agent_id": "{agent_id}"}),
    ],
    "GET /v1/dispositions": may(AGENTS, shows="disposition_id"),
    "POST /v1/dispositions": may(STAFF, body={"name": "New", "kind": "sales"}),
    "GET /v1/dispositions/{disposition_id}": may(AGENTS),
    "PATCH /v1/dispositions/{disposition_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/dispositions/{disposition_id}": may(STAFF),
    "GET /v1/opportunities": [may(AGENTS), may(STAFF, own=_AGENT, query={"lead_id": "{lead_id}"})],
    "GET /v1/orders": [
        may(AGENTS, shows="order_id"),
        may(STAFF, own=_AGENT, query={"lead_id": "{lead_id}"}),
    ],
    "POST /v1/orders": may(STAFF, own=_AGENT, body={"lead_id": "{lead_id}", "number": "N-1"}),
    "GET /v1/orders/{order_id}": may(STAFF, own=_AGENT),
    "PATCH /v1/orders/{order_id}": may(STAFF, own=_AGENT, body={"number": "N-2"}),
    "POST /v1/orders/{order_id}/complete": may(STAFF, own=_AGENT),
    "GET /v1/queue": may(AGENTS),
    "POST /v1/queue/claim": may(_AGENT, body={}),
    "GET /v1/queue/defaults": may(STAFF),
    "PUT /v1/queue/defaults": may(STAFF, body={"speed_target_minutes": 5}),
    "GET /v1/reports/order-details": [
        may(AGENTS, shows="lead_id"),
        may(STAFF, own=_AGENT, query={"agent_id": "{agent_id}"}),
    ],
    "GET /v1/reports/order-details/export": [
        may(AGENTS, shows="lead_id"),
        may(STAFF, own=_AGENT, query={"agent_id": "{agent_id}"}),
    ],
    "GET /v1/survey-answers": [may(AGENTS), may(STAFF, own=_AGENT, query={"lead_id": "{lead_id}"})],
    "GET /v1/survey-answers/export": may(STAFF, query={"template_id": "{=template_id}"}),
    "GET /v1/survey-templates": may(AGENTS, shows="template_id"),
    "POST /v1/survey-templates": may(STAFF, body=_SURVEY),
    "GET /v1/survey-templates/{template_id}": may(AGENTS),
    "PATCH /v1/survey-templates/{template_id}": may(STAFF, body={"name": "Other"}),
    "DELETE /v1/survey-templates/{template_id}": may(STAFF),
    "GET /v1/work-items": [
        may(AGENTS, shows="lead_id"),
        may(STAFF, own=_AGENT, query={"agent_id": "{agent_id}"}),
    ],
    "GET /v1/work-items/{lead_id}": may(STAFF, own=_AGENT),
    "PATCH /v1/work-items/{lead_id}": may(STAFF, own=_AGENT, body={"fields": {"first_name": "Aina"}}),
    "POST /v1/work-items/{lead_id}/attempts": may(STAFF, own=_AGENT, body={"outcome": "answered"}),
    "POST /v1/work-items/{lead_id}/callback": may(STAFF, own=_AGENT, body={"at": soon()}),
    "GET /v1/work-items/{lead_id}/clock": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/convert": may(STAFF, own=_AGENT),
    "GET /v1/work-items/{lead_id}/draft": may(AGENTS, may_be_absent=True),  # everybody has drafts of their own
    "PUT /v1/work-items/{lead_id}/draft": may(STAFF, own=_AGENT, body={"note": "a draft"}),
    "DELETE /v1/work-items/{lead_id}/draft": may(AGENTS),
    "GET /v1/work-items/{lead_id}/eligibility": may(STAFF, own=_AGENT, query={"agent_id": "{=agent_id}"}),
    "GET /v1/work-items/{lead_id}/history": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/invalidate": may(STAFF, own=_AGENT, body={"reason": "made up"}),
    "POST /v1/work-items/{lead_id}/lock": may(STAFF, own=_AGENT),
    "DELETE /v1/work-items/{lead_id}/lock": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/lock/heartbeat": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/messages": may(STAFF, own=_AGENT, body={"template_id": "{=email_template_id}"}),
    "POST /v1/work-items/{lead_id}/notes": may(STAFF, own=_AGENT, body={"note": "a note"}),
    "GET /v1/work-items/{lead_id}/offer": may(STAFF, own=_AGENT, may_be_absent=True),
    "POST /v1/work-items/{lead_id}/offer": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/offer/accept": may(STAFF, own=_AGENT),
    "POST /v1/work-items/{lead_id}/opportunities": may(STAFF, own=_AGENT, body={"tool_id": "{=tool_id}"}),
    "POST /v1/work-items/{lead_id}/pend": may(STAFF),
    "POST /v1/work-items/{lead_id}/queue": may(STAFF),
    "POST /v1/work-items/{lead_id}/reassign": may(STAFF, body={"agent_id": "{=agent_id}"}),
    "POST /v1/work-items/{lead_id}/release": may(STAFF, own=_AGENT, body={}),
    "POST /v1/work-items/{lead_id}/reopen": may(STAFF, body={"reason": "again"}),
    "POST /v1/work-items/{lead_id}/resolve": may(STAFF, own=_AGENT, body={"disposition_id": "{=disposition_id}"}),
    "POST /v1/work-items/{lead_id}/surveys": may(
        STAFF, own=_AGENT, body={"template_id": "{=template_id}", "answers": {"roof": "flat"}}
    ),
    "POST /v1/work-items/{lead_id}/unassign": may(STAFF),
}
