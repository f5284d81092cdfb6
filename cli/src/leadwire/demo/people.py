"""Made-up people. Their numbers are valid in form; nothing of the demo ever calls or mails anybody outside."""

from dataclasses import dataclass
from random import Random

_FINNISH_FIRST = tuple(
    """Aino Eeva Helmi Ilona Johanna Kaisa Liisa Maarit Noora Päivi Sanna Tuulikki Antti Eero Heikki Juhani""".split()  # noqa: SIM905 -- a line of names reads better than one name a line
)
_FINNISH_LAST = tuple(
    """Aaltonen Heikkinen Hämäläinen Järvinen Kinnunen Korhonen Laine Lehtonen Mäkinen Nieminen Virtanen""".split()  # noqa: SIM905 -- a line of names reads better than one name a line
)
_AMERICAN_FIRST = tuple(
    """Ava Carlos Denise Elijah Grace Hannah Isaac Jamal Keisha Logan Maria Olivia Priya Samuel Tyrone""".split()  # noqa: SIM905 -- a line of names reads better than one name a line
)
_AMERICAN_LAST = tuple(
    """Adams Brooks Castillo Diaz Edwards Foster Garcia Hughes Jackson Kim Lopez Nguyen O'Brien Patel Rivera""".split()  # noqa: SIM905 -- a line of names reads better than one name a line
)
_US_AREAS = ("212", "312", "415", "512", "617", "720")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who fills in a form; `phone` as such a person would write it."""

    first_name: str
    last_name: str
    phone: str
    email: str


def finnish_person(random: Random) -> DemoPerson:
    return _person(
        (random.choice(_FINNISH_FIRST), random.choice(_FINNISH_LAST)),
        f"04{random.choice('0145')} {random.randrange(1_000_000, 9_999_999)}",
        "fi",
    )


def american_person(random: Random) -> DemoPerson:
    number = f"({random.choice(_US_AREAS)}) {random.randrange(220, 999)}-{random.randrange(1000, 9999)}"
    return _person((random.choice(_AMERICAN_FIRST), random.choice(_AMERICAN_LAST)), number, "com")


def _person(name: tuple[str, str], phone: str, ending: str) -> DemoPerson:
    mailbox = ".".join(name).lower().translate(str.maketrans("äö'", "ao-"))
    return DemoPerson(*name, phone, f"{mailbox}@example.{ending}")
