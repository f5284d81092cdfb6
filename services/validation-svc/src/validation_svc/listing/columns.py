"""The columns of cases, in the order of the list and the file: pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaseColumn:
    """`field` is a path into a case's shape. `when_validated`: in the default view only while validation is on."""

    field: str
    title: str
    default: bool = False
    when_validated: bool = False


VALIDATOR_COLUMNS = (
    CaseColumn("received_at", "Received", default=True),
    CaseColumn("person.first_name", "First Name", default=True),
    CaseColumn("person.last_name", "Last Name", default=True),
    CaseColumn("contact_status", "Contact Status", when_validated=True),
    CaseColumn("person.phone", "Telephone", when_validated=True),
    CaseColumn("person.email", "E-mail"),
    CaseColumn("account_name", "Account"),
    CaseColumn("project_name", "Project", default=True),
    CaseColumn("status", "Status", default=True),
    CaseColumn("attempts", "Attempts", default=True),
    CaseColumn("first_check", "First Check"),
    CaseColumn("contact_time", "Contact Time"),
    CaseColumn("comments", "Comments"),
    CaseColumn("decided_by", "Decided By"),
    CaseColumn("decided_at", "Decided At"),
    CaseColumn("notes", "Notes"),
    CaseColumn("lead_id", "Lead"),
    CaseColumn("project_id", "Project ID"),
)
ADMIN_COLUMNS = (
    *VALIDATOR_COLUMNS,
    CaseColumn("partner_id", "Partner", default=True),
    CaseColumn("sponsor_id", "Sponsor"),
    CaseColumn("contact_list_id", "Contact List"),
    CaseColumn("external_id", "External ID"),
    CaseColumn("location", "Location"),
    CaseColumn("priority", "Priority"),
    CaseColumn("country", "Country"),
    CaseColumn("order.number", "Order"),
    CaseColumn("order.total.amount_minor", "Order Total (minor units)"),
    CaseColumn("order.total.currency", "Currency"),
    CaseColumn("billable", "Billable", default=True),
    CaseColumn("delivered_at", "Delivered At"),
    CaseColumn("flagged_by", "Flagged Valid By"),
)


def in_default_view(column: CaseColumn, *, validated: bool) -> bool:
    """V4.2: contact status and telephone are there when validation is on, absent when it is off."""
    return column.default or (column.when_validated and validated)
