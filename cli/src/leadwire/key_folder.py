"""The keys of identity-svc on one machine, and the three steps in which one takes the place of another (ADR 19)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.remembered import replace
from servicekit.keys import generate_signing_key, public_key_set, split_keys

from leadwire.errors import CannotRun

Step = Callable[[Sequence[str]], list[str]]
MOST_KEYS = 4


class WrongStep(CannotRun):
    """The step makes no sense with the keys that there are."""


def add(keys: Sequence[str]) -> list[str]:
    """A new key that everybody is to know before it signs. Raises WrongStep when there are many already."""
    if len(keys) >= MOST_KEYS:
        raise WrongStep(f"There are {len(keys)} keys already: `leadwire keys drop` those that do not sign.")
    return [*keys, generate_signing_key()]


def use(keys: Sequence[str]) -> list[str]:
    """The newest key signs. Raises WrongStep without another one."""
    if len(keys) < 2:
        raise WrongStep("There is no other key: `leadwire keys add` first.")
    return [keys[-1], *keys[:-1]]


def drop(keys: Sequence[str]) -> list[str]:
    """Only the key that signs is left: nobody believes the others any more. Raises WrongStep if there is no other."""
    if len(keys) < 2:
        raise WrongStep("There is only the key that signs.")
    return list(keys[:1])


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """`signing` holds the private keys, for identity-svc alone; `published` their public halves, for every service."""

    folder: Path

    @property
    def signing(self) -> Path:
        return self.folder / "signing.pem"

    @property
    def published(self) -> Path:
        return self.folder / "public.json"

    def make(self, first: Callable[[], str]) -> None:
        """Makes what is missing; `first` gives the first key."""
        if not self.signing.exists():
            replace(self.signing, first())
        if not self.published.exists():
            replace(self.published, public_key_set(self.signing.read_text()))

    def keys(self) -> list[str]:
        """The first one signs."""
        return split_keys(self.signing.read_text())

    def take(self, step: Step) -> None:
        """A new key is published before it may sign, and an old one signs nothing any more before it is withdrawn."""
        before = self.keys()
        after = step(before)
        pems = "".join(after)
        if len(after) > len(before):
            replace(self.published, public_key_set(pems))
            replace(self.signing, pems)
        else:
            replace(self.signing, pems)
            replace(self.published, public_key_set(pems))
