"""What a lead looks like with an agent's corrections, for everybody who keeps its content and hears of
`assignment.lead.edited` (A3.5): pure. Fields are named as that event names them: `phone`, `custom.size`,
`account.name`, `account.industry`.
"""

from collections.abc import Mapping
from typing import Any, Final

PERSON: Final = ("first_name", "last_name", "phone", "email")
CONTENT: Final = ("address", "comments", "contact_time")


def corrected(lead: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """`lead` has the person's fields and `content`; the answer has the same, with the edits.

    A lead without an account gets none by a correction: only the partner knows which account it is.
    """
    content: dict[str, Any] = dict(lead["content"])
    custom = dict(content.get("custom") or {})
    account = dict(content.get("account") or {})
    account_fields = dict(account.get("fields") or {})
    person = {name: lead[name] for name in PERSON}
    for name, value in edits.items():
        if name in PERSON:
            person[name] = value.casefold() if name == "email" and value else value
        elif name in CONTENT:
            content[name] = value
        elif name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        elif name == "account.name":
            account["name"] = value
        elif name.startswith("account."):
            account_fields[name.removeprefix("account.")] = value
    if custom or "custom" in content:
        content["custom"] = custom
    if content.get("account"):
        content["account"] = {**account, "fields": account_fields}
    return {**person, "content": content}
