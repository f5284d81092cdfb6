"""Which leads may be sold, and to whom (I2.24): pure."""

from dataclasses import dataclass

# Somebody works it, it is not decided yet whether it is good, or nobody may call the person any more.
_NOT_FOR_SALE = {
    "held": ("lead-held", "The lead waits for its validation."),
    "claimed": ("lead-claimed", "An agent works the lead."),
    "callback": ("lead-claimed", "An agent has promised to call back."),
    "offer_sent": ("lead-claimed", "An offer waits for its answer."),
    "converted": ("lead-converted", "The lead was converted."),
    "suppressed": ("lead-suppressed", "The person may not be contacted any more."),
}
_ENDED = {
    "return_hold": ("return-open", "A return of the lead is open."),
    "returned": ("lead-returned", "The lead has been returned."),
    "sold": ("lead-sold", "The lead has been sold already."),
    "erased": ("lead-erased", "The lead was erased."),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A lead as far as selling it is concerned."""

    status: str
    own_state: str | None
    work_state: str | None
    rejected_in_validation: bool
    test: bool
    partner_id: str


@dataclass(frozen=True, slots=True)
class Buyer:
    id: str
    buys: bool
    test: bool


def refusal(lead: Offered, buyer: Buyer) -> tuple[str, str] | None:
    """A code and its words; None if the lead may be sold to the buyer."""
    no: tuple[str, str] | None = None
    if lead.status != "accepted":
        no = "lead-not-accepted", "Only accepted leads can be sold."
    elif lead.own_state is not None:
        no = _ENDED[lead.own_state]
    elif lead.work_state in _NOT_FOR_SALE:
        no = _NOT_FOR_SALE[lead.work_state]
    elif lead.rejected_in_validation:
        no = "lead-rejected", "The lead was rejected in validation."
    elif lead.partner_id == buyer.id:
        no = "buyer-sold-it", "The buyer sent the lead itself."
    elif lead.test and not buyer.test:
        no = "lead-is-test", "Test leads go to test partners only."
    return no
