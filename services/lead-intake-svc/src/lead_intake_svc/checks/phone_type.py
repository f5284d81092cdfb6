"""What kind of line a phone number is, where its digits say so."""

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

_KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
# Nobody at home answers these, or the call costs more than a call.
UNWANTED = frozenset({"toll_free", "premium_rate", "shared_cost", "pager", "company", "voicemail"})


@lru_cache(maxsize=20_000)
def line_type(e164: str) -> str | None:
    """None where the digits do not say."""
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(e164)))
