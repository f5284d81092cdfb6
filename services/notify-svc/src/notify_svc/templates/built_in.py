"""The first versions of the templates that come with us, as a migration stored them: later ones are changed there.

By key: name, subject, text, HTML, sample data.
"""

from typing import Any

_HEAD = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>\n'
_TAIL = "\n</body></html>"


def _page(title: str, body: str) -> str:
    return _HEAD.replace("{title}", title) + body + _TAIL


_EVENT = {"id": "0195", "type": "intake.return.requested.v1", "time": "2026-03-02T09:15:00Z"}
_LEAD = {"id": "lead_1", "external_id": "CRM-1", "project_id": "prj_1"}
_PARTNER = {"id": "ptr_1", "name": "Partner Ltd"}
_PROJECT = {"id": "prj_1", "name": "Solar panels"}
_BASE: dict[str, Any] = {"event": _EVENT, "lead": _LEAD, "partner": _PARTNER, "project": _PROJECT, "changes": []}
_RETURN = {"reason": "wrong number", "comment": "", "answer": "", "requested_at": "2026-03-02T09:15:00Z"}

_RETURN_SUBJECT = "Lead {{ lead.external_id }} is returned"
_RETURN_TEXT = """Hello {{ partner.name }},

lead {{ lead.external_id }} of {{ project.name }} is returned to you.

Our number   {{ lead.id }}
Reason       {{ data.reason }}
{% if data.comment and data.comment != "" %}Comment      {{ data.comment }}
{% endif %}
Please accept or decline it until {{ data.answer_by }}.
"""
_RETURN_HTML = """<p>Hello {{ partner.name }},</p>
<p>lead <b>{{ lead.external_id }}</b> of {{ project.name }} is returned to you.</p>
<table>
<tr><th align="left">Our number</th><td>{{ lead.id }}</td></tr>
<tr><th align="left">Reason</th><td>{{ data.reason }}</td></tr>
{% if data.comment and data.comment != "" %}<tr><th align="left">Comment</th><td>{{ data.comment }}</td></tr>
{% endif %}</table>
<p>Please accept or decline it until {{ data.answer_by }}.</p>"""

_WHAT = '{{ event.type | split: "." | slice: 2, 1 | first }}'
_ANSWER_SUBJECT = f"Return of lead {{{{ lead.external_id }}}}: {_WHAT}"
_ANSWER_TEXT = f"""Hello {{{{ partner.name }}}},

the return of lead {{{{ lead.external_id }}}} of {{{{ project.name }}}}: {_WHAT}.

Our number   {{{{ lead.id }}}}
Reason       {{{{ data.reason }}}}
"""
_ANSWER_HTML = f"""<p>Hello {{{{ partner.name }}}},</p>
<p>the return of lead <b>{{{{ lead.external_id }}}}</b> of {{{{ project.name }}}}: <b>{_WHAT}</b>.</p>
<p>Our number: {{{{ lead.id }}}}. Reason: {{{{ data.reason }}}}.</p>"""

_CAMPAIGN_SUBJECT = "Campaign {{ project.name }}: {{ data.state }}"
_CAMPAIGN_TEXT = """Hello {{ partner.name }},

the campaign {{ project.name }}, to which you send leads, is {{ data.state }}.
{% for change in changes %}
{{ change.what }}: {{ change.was }} → {{ change.now }}{% endfor %}
"""
_CAMPAIGN_HTML = """<p>Hello {{ partner.name }},</p>
<p>the campaign <b>{{ project.name }}</b>, to which you send leads, is <b>{{ data.state }}</b>.</p>
{% if changes.size > 0 %}<table>
<tr><th align="left"></th><th align="left">before</th><th align="left">now</th></tr>
{% for change in changes %}<tr><td>{{ change.what }}</td><td>{{ change.was }}</td><td>{{ change.now }}</td></tr>
{% endfor %}</table>{% endif %}"""

_ALARM_SUBJECT = "Alarm: {{ data.alarm }} {{ data.key }}"
_ALARM_TEXT = """{{ data.detail }}

Alarm      {{ data.alarm }}
About      {{ data.key }}
Raised by  {{ event.type | split: "." | first }} at {{ event.time }}
"""
_ALARM_HTML = """<p><b>{{ data.detail }}</b></p>
<p>Alarm {{ data.alarm }} about {{ data.key }},
raised by {{ event.type | split: "." | first }} at {{ event.time }}.</p>"""

_DIGEST_SUBJECT = "{{ items.size }} notification{% if items.size != 1 %}s{% endif %}, {{ period }}"
_DIGEST_TEXT = """{% for item in items %}{{ item.at }}  {{ item.title }}
{% endfor %}{% for item in items %}
----------------------------------------
{{ item.title }}

{{ item.text }}
{% endfor %}"""
_DIGEST_HTML = """<ul>
{% for item in items %}<li>{{ item.at }} <b>{{ item.title }}</b></li>
{% endfor %}</ul>
{% for item in items %}<hr>
<h3>{{ item.title }}</h3>
<pre>{{ item.text }}</pre>
{% endfor %}"""
_ITEM = {"at": "2026-03-02 09:15 UTC", "title": "Lead CRM-1 was accepted", "text": "Hello Partner Ltd", "lead_id": None}

TEMPLATES: dict[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "return": (
        "Return notification",
        _RETURN_SUBJECT,
        _RETURN_TEXT,
        _page(_RETURN_SUBJECT, _RETURN_HTML),
        {**_BASE, "data": {**_RETURN, "answer_by": "2026-03-09T09:15:00Z"}},
    ),
    "return-answer": (
        "What became of a return",
        _ANSWER_SUBJECT,
        _ANSWER_TEXT,
        _page(_ANSWER_SUBJECT, _ANSWER_HTML),
        {**_BASE, "data": _RETURN},
    ),
    "campaign-changed": (
        "A campaign was changed",
        _CAMPAIGN_SUBJECT,
        _CAMPAIGN_TEXT,
        _page(_CAMPAIGN_SUBJECT, _CAMPAIGN_HTML),
        {
            **_BASE,
            "data": {"name": "Solar panels", "state": "active"},
            "changes": [{"what": "required fields", "was": "phone", "now": "phone, e-mail"}],
        },
    ),
    "alarm": (
        "Alarm",
        _ALARM_SUBJECT,
        _ALARM_TEXT,
        _page(_ALARM_SUBJECT, _ALARM_HTML),
        {**_BASE, "data": {"alarm": "dead-letters", "key": "notify-svc", "detail": "3 messages wait for a person."}},
    ),
    "digest": (
        "Digest",
        _DIGEST_SUBJECT,
        _DIGEST_TEXT,
        _page(_DIGEST_SUBJECT, _DIGEST_HTML),
        {"period": "2026-03-02 09:00 to 10:00", "items": [_ITEM]},
    ),
}
