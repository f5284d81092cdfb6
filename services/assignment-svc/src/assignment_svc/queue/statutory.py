"""Hours in which the law, or where there is none the industry's code, allows sales calls to consumers. Pure.

As of 2025-11, France as of 2026-11; a table, not legal advice. Public holidays are kept where a calendar is named
(`holidays`): by law in France, Norway, Australia and some states, elsewhere by the codes. Where a code and practice
differ the narrower one was taken.

Hours are not consent. A consumer is not called at all without having agreed to it before in Germany (§ 7 (2) UWG, the
proof kept for five years by § 7a) and in France (Code de la consommation L223-1 by loi 2025-594, art. 13, since
2026-08-11; current customers apart). A number does not tell a consumer from a firm, so it is for the project to say:
with its check of consent on `quarantine` or `reject`, E6 holds back every lead that has none; nothing else does. Nor
are calls counted over time (France: four in thirty days, none for sixty after a no): *maximum attempts* and *cool-down*
of the project are what limits them, lead by lead.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Final

from assignment_svc.queue.windows import Interval, Week, minutes_of


def _week(working_days: str, saturday: str = "", sunday: str = "", holidays: str = "") -> Week:
    """`holidays`: the calendar of days on which nobody is called; empty where the law and the codes name none."""
    days = (*[_intervals(working_days)] * 5, _intervals(saturday), _intervals(sunday))
    return Week(days, frozenset({holidays} - {""}))


def _intervals(words: str) -> tuple[Interval, ...]:
    pairs = (word.split("-") for word in words.split())
    return tuple((minutes_of(opens), minutes_of(closes)) for opens, closes in pairs)


CAUTIOUS: Final = _week("09:00-18:00")
"""For countries that are not in the table."""

_US_FEDERAL: Final = _week("08:00-21:00", "08:00-21:00", "08:00-21:00")
"""47 CFR 64.1200(c)(1) (TCPA) and 16 CFR 310.4(c) (TSR), in the called person's zone."""

_EIGHT_TO_EIGHT: Final = _week("08:00-20:00", "08:00-20:00", "08:00-20:00")
_NINE_TO_EIGHT: Final = _week("09:00-20:00", "09:00-20:00", "09:00-20:00")
_NINE_TO_NINE: Final = _week("09:00-21:00", "09:00-21:00", "09:00-21:00")
_NO_SUNDAY: Final = _week("08:00-20:00", "08:00-20:00", holidays="US")

US_STATES: Final[Mapping[str, Week]] = {
    "AL": _NO_SUNDAY,  # Ala. Code 8-19A-14
    "CT": _NINE_TO_EIGHT,  # Conn. Gen. Stat. 42-288a
    "FL": _EIGHT_TO_EIGHT,  # Fla. Stat. 501.616(6)
    "KY": _week("10:00-21:00", "10:00-21:00", "10:00-21:00"),  # KRS 367.46955
    "LA": _NO_SUNDAY,  # LPSC general order on do-not-call
    "MA": _EIGHT_TO_EIGHT,  # M.G.L. c. 159C
    "MD": _EIGHT_TO_EIGHT,  # Stop the Spam Calls Act of 2023
    "MI": _NINE_TO_NINE,  # MCL 445.111
    "MN": _NINE_TO_NINE,  # Minn. Stat. 325E.30
    "MS": _NO_SUNDAY,  # Miss. Code 77-3-723
    "NM": _NINE_TO_NINE,  # NMSA 57-12-22
    "NV": _NINE_TO_EIGHT,  # NRS 599B
    "OK": _EIGHT_TO_EIGHT,  # Okla. Stat. 15-775C.3
    "PA": _week("09:00-21:00", "09:00-12:00", holidays="US"),  # 52 Pa. Code, the narrower reading
    "RI": _week("09:00-18:00", "10:00-17:00", holidays="US"),  # R.I. Gen. Laws 5-61-3.6
    "TX": _week("09:00-21:00", "09:00-21:00", "12:00-21:00"),  # Tex. Bus. & Com. 301.051
    "UT": _week("08:00-21:00", "08:00-21:00", holidays="US"),  # Utah Code 13-25a-103
    "WA": _EIGHT_TO_EIGHT,  # RCW 80.36.390
}

COUNTRIES: Final[Mapping[str, Week]] = {
    "AU": _week("09:00-20:00", "09:00-17:00", holidays="AU"),  # Telemarketing and Research Calls Industry Standard 2017
    "CA": _week("09:00-21:30", "10:00-18:00", "10:00-18:00"),  # CRTC Unsolicited Telecommunications Rules, part III
    "DE": _week("08:00-20:00", "09:00-18:00", holidays="DE"),  # Branchenkodex CCV/DDV 2015; § 7 UWG names no hours
    "FI": _week(
        "09:00-20:00", "10:00-16:00", holidays="FI"
    ),  # no hours in the law; narrower than the association's code
    # Code de la consommation D223-9 (décret 2022-1313, since 2023-03-01), on the consumer's own clock.
    "FR": _week("10:00-13:00 14:00-20:00", holidays="FR"),
    "GB": _week(
        "08:00-21:00", "09:00-21:00", holidays="GB"
    ),  # DMA telemarketing guide; neither Ofcom nor PECR name hours
    "NO": _week("09:00-21:00", holidays="NO"),  # markedsføringsloven § 14
    "SE": _week(
        "08:00-20:00", "10:00-16:00", holidays="SE"
    ),  # no hours in the law; narrower than the Kontakta/SWEDMA rules
}

_PARTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("BL", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"), "FR"),
    "AX": "FI",
    "SJ": "NO",
}
"""Where numbers have a code of their own, and the law is that of the country they are part of."""

_US_ANYWHERE: Final = reduce(Week.intersection, US_STATES.values(), _US_FEDERAL)
"""A mobile number tells no state: until an address does, what every state allows."""


def statutory_week(country: str, region: str) -> Week:
    """`country` is ISO 3166-1 alpha-2, `region` the state where it matters; both may be empty for unknown."""
    if country == "US":
        return US_STATES.get(region, _US_FEDERAL) if region else _US_ANYWHERE
    return COUNTRIES.get(_PARTS.get(country, country), CAUTIOUS)
