"""What a column of a file can be, and what it probably is by its heading: pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

PLAIN = (
    "external_id", "first_name", "last_name", "full_name", "phone", "email", "location", "comments", "contact_time",
    "replacement_for", "test",
)  # fmt: skip
CONSENT = ("given_at", "text", "ip", "source_url", "certificate_url")
ORDER = ("number", "status", "total", "currency", "product_code", "quantity", "unit_price")
# JSON with whatever has no column of its own.
REST = ("address.*", "account.fields.*", "custom.*")
ITEMS = "order.items"
# A word after the dot is the sender's own.
FREE = ("address", "custom", "account.fields")
FIXED = frozenset(
    [
        *PLAIN,
        *(f"consent.{name}" for name in CONSENT),
        *(f"order.{name}" for name in ORDER),
        ITEMS,
        "account.external_id",
        "account.name",
    ]
)
# Headings in English and Finnish, as `plain_heading` leaves them.
_HEADINGS: Mapping[str, Sequence[str]] = {
    "external_id": ("external id", "externalid", "lead id", "id", "reference", "tunniste", "viite", "asiakasnumero"),
    "first_name": ("first name", "firstname", "given name", "forename", "etunimi", "kutsumanimi"),
    "last_name": ("last name", "lastname", "surname", "family name", "sukunimi"),
    "full_name": ("name", "full name", "fullname", "contact name", "nimi", "koko nimi", "asiakkaan nimi"),
    "phone": (
        "phone", "phone number", "phonenumber", "telephone", "tel", "mobile", "mobile phone", "mobile number", "cell",
        "cell phone", "puhelin", "puhelinnumero", "puh", "puh nro", "matkapuhelin", "gsm", "kannykka",
    ),
    "email": ("email", "e mail", "email address", "e mail address", "mail", "sahkoposti", "sahkopostiosoite"),
    "location": ("location", "sijainti"),
    "comments": ("comments", "comment", "notes", "note", "message", "kommentti", "kommentit", "lisatiedot", "viesti"),
    "contact_time": ("contact time", "best time to call", "call time", "soittoaika", "yhteydenottoaika"),
    "replacement_for": ("replacement for", "replaces", "korvaa"),
    "test": ("test", "testi"),
    "address.street": ("address", "street", "street address", "osoite", "katuosoite", "lahiosoite", "katu"),
    "address.postcode": ("postcode", "post code", "postal code", "zip", "zip code", "zipcode", "postinumero"),
    "address.city": ("city", "town", "kaupunki", "postitoimipaikka", "paikkakunta", "kunta"),
    "address.country": ("country", "country code", "maa", "maakoodi"),
    "account.name": ("company", "company name", "organisation", "organization", "account", "yritys", "yrityksen nimi"),
    "account.external_id": ("account id", "company id", "business id", "y tunnus", "ytunnus"),
    "consent.given_at": (
        "consent", "consent at", "consent date", "consent time", "consent given at", "opt in date", "suostumus",
        "suostumuksen aika", "suostumuspaiva", "lupa annettu",
    ),
    "consent.text": ("consent text", "opt in text", "suostumusteksti", "suostumuksen teksti"),
    "consent.ip": ("ip", "ip address", "consent ip", "ip osoite"),
    "consent.source_url": ("source url", "consent url", "landing page", "url", "lahdesivu", "lomakkeen osoite"),
    "consent.certificate_url": ("certificate url", "certificate"),
    "order.number": ("order", "order number", "order id", "tilausnumero", "tilaus"),
    "order.status": ("order status", "tilauksen tila"),
    "order.total": ("total", "order total", "amount", "summa", "yhteensa", "tilauksen summa"),
    "order.currency": ("currency", "order currency", "valuutta"),
    "order.product_code": ("product code", "product", "sku", "tuotekoodi", "tuote"),
    "order.quantity": ("quantity", "qty", "maara", "kpl"),
    "order.unit_price": ("unit price", "price", "hinta", "yksikkohinta"),
}  # fmt: skip
_BY_HEADING = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_WORD = re.compile(r"[^\W_]+")
_FREE_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,80}")


def is_field(name: str) -> bool:
    if name in FIXED:
        return True
    return any(
        name.startswith(f"{prefix}.") and _FREE_NAME.fullmatch(name[len(prefix) + 1 :]) is not None for prefix in FREE
    )


def plain_heading(text: str) -> str:
    """`  Sähköposti-osoite ` and `sahkoposti_osoite` are the same heading."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_WORD.findall(bare))


def suggest(columns: Sequence[str]) -> dict[str, str]:
    """A mapping by the headings alone; no field is suggested twice. A heading that names a field is that field."""
    exact = [(column, column.strip()) for column in columns if is_field(column.strip())]
    guessed = [(column, _BY_HEADING.get(plain_heading(column))) for column in columns]
    found: dict[str, str] = {}
    for column, field in (*exact, *guessed):
        if field is not None and column not in found and field not in found.values():
            found[column] = field
    if {"first_name", "last_name"} & set(found.values()):
        found = {column: field for column, field in found.items() if field != "full_name"}
    return found


def name_columns(header: Sequence[str]) -> list[str]:
    """Every column has a name, and no two the same: empty ones are numbered, repeated ones counted."""
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(header, start=1):
        base = " ".join(cell.split())[:200] or f"Column {place}"
        name, n = base, 1
        while name in taken:
            n += 1
            name = f"{base} ({n})"
        taken.add(name)
        names.append(name)
    return names
