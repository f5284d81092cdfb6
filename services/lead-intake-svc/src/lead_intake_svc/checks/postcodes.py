"""What postcodes look like, country by country (Universal Postal Union, addressing sheets of its members)."""

import re
from typing import Final

# One form for many countries; spaces and hyphens may be left out, and letters may be small.
_DIGITS: Final = {
    3: "FO IS LS MG PG",
    4: "AF AL AM AR AT AU BD BE BG CH CV CX CY DK ET GE GL GW HT HU LI LR LU MD MK MZ NE NO NZ PH PY SI SJ TN ZA",
    5: "AX BA BT CU DE DO DZ EE EG ES FI FR GF GP GT HN HR ID IQ IT JO KE KH KR KW LA LK MA ME MM MQ MX MY NC NP PE"
    " PF PK PM RE RS SA SD SM SN TH TR UA UY VA WF XK YT ZM",
    6: "BY CN CO EC IN KG KZ MN NG RO RU SG TJ TM TT UZ",
    7: "CL JP",
}
_OTHER: Final = {
    "AD": r"AD[1-7]00",
    "AZ": r"(?:AZ)?\d{4}",
    "BR": r"\d{8}",
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d",
    "CR": r"\d{5}",
    "CZ": r"\d{5}",
    "GB": r"GIR0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY])"
    r"\d[ABD-HJLNP-UW-Z]{2}",
    "GG": r"GY\d{2,3}[A-Z]{2}",
    "GR": r"\d{5}",
    "IE": r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[0-9AC-FHKNPRTV-Y]{4}",
    "IL": r"\d{5}(?:\d{2})?",
    "IM": r"IM\d{2,3}[A-Z]{2}",
    "IR": r"\d{10}",
    "JE": r"JE\d{2,3}[A-Z]{2}",
    "LT": r"(?:LT)?\d{5}",
    "LV": r"(?:LV)?\d{4}",
    "MC": r"980\d{2}",
    "MT": r"[A-Z]{3}\d{4}",
    "NL": r"[1-9]\d{3}(?!SA|SD|SS)[A-Z]{2}",
    "PL": r"\d{5}",
    "PR": r"00[679]\d{2}(?:\d{4})?",
    "PT": r"\d{7}",
    "SE": r"(?:SE)?\d{5}",
    "SK": r"\d{5}",
    "TW": r"\d{3}(?:\d{2,3})?",
    "US": r"\d{5}(?:\d{4})?",
    "VN": r"\d{5,6}",
}
_PREFIXED: Final = {
    "AT": "A",
    "AX": "AX",
    "CH": "CH",
    "DE": "D",
    "DK": "DK",
    "FI": "FI",
    "LU": "L",
    "MD": "MD",
    "SI": "SI",
}


def _patterns() -> dict[str, re.Pattern[str]]:
    found = dict(_OTHER)
    for digits, countries in _DIGITS.items():
        for country in countries.split():
            prefix = _PREFIXED.get(country)
            found[country] = (f"(?:{prefix})?" if prefix else "") + rf"\d{{{digits}}}"
    return {country: re.compile(pattern, re.ASCII) for country, pattern in found.items()}


_PATTERNS: Final = _patterns()


def fits(postcode: str, country: str) -> bool:
    """`country` is ISO 3166-1 alpha-2 in capitals; True where the country's postcodes are not known here."""
    pattern = _PATTERNS.get(country)
    return pattern is None or pattern.fullmatch(postcode.replace(" ", "").replace("-", "").upper()) is not None
