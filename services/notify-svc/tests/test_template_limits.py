"""N5.3: no template takes all the memory or all the time, or reaches what is not a plain value."""

import pytest
from notify_svc.templates.rendering import Template, TemplateUnrenderable

BOMBS = [
    '{{ a | replace: "x", a | replace: "x", a }}',
    '{{ a | split: "" | join: a }}',
    '{{ (1..100000000) | join: "x" }}',
    "{% assign n = 999999999999 %}" + "{% assign n = n | times: n %}" * 50,
    "{% capture c %}"
    + "{{ a }}" * 200
    + "{% endcapture %}{% assign d = c | append: c | append: c %}{{ d }}{{ d }}" * 9,
    "{% for i in (1..1000) %}{% for j in (1..2) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..1000) %}" + "{{ a | upcase | downcase | size }}" * 1500 + "{% endfor %}",
    "{% if a %}" * 40 + "{% endif %}" * 40,
]


@pytest.mark.parametrize("text", BOMBS)
def test_n5_3_no_template_takes_all_the_memory_or_all_the_time(text: str):
    with pytest.raises(TemplateUnrenderable):
        Template("s", text, "").render({"a": "x" * 1000})


@pytest.mark.parametrize(
    "text", ["{{ lead.__class__ }}", "{{ lead['__class__'] }}", "{{ lead.items }}", "{{ lead.name.upper }}"]
)
def test_n5_3_values_are_plain(text: str):
    with pytest.raises(TemplateUnrenderable):
        Template("s", text, "").render({"lead": {"name": "x"}})
