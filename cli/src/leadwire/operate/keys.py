"""`leadwire keys ls|add|use|drop|rotate`: another key for signing identities, while everything runs (ADR 19)."""

import re
import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from servicekit.identity_token import CLOCK_SKEW_SECONDS, LIFETIME_SECONDS
from servicekit.keys import key_id, public_key_set, split_keys
from servicekit.watched_file import LOOK_SECONDS

from leadwire.announcement import say
from leadwire.key_folder import KeyFolder, Step, WrongStep, add, drop, use
from leadwire.operate.where import NoInstallation

app = App(name="keys", help="The keys with which identity-svc signs who is calling.")

# Every process has looked at its files by then.
SETTLE_SECONDS = 3 * LOOK_SECONDS
# The last token of a key was signed at its last use, and may be handed out a little longer.
OUTLIVED_SECONDS = LIFETIME_SECONDS + 2 * CLOCK_SKEW_SECONDS + SETTLE_SECONDS
_PRIVATE, _PUBLIC = "LEADWIRE_IDENTITY_PRIVATE_KEY", "LEADWIRE_IDENTITY_KEYS"

DataDir = Annotated[Path, Parameter(help="The folder of `leadwire up`.")]
Folder = Annotated[Path | None, Parameter(help="A folder with signing.pem and public.json, instead.")]
Env = Annotated[bool, Parameter(negative="", help="Read a .env of Compose from standard input, print it changed.")]


@app.command
def ls(*, data_dir: DataDir = Path(".leadwire"), folder: Folder = None) -> None:
    """The keys by their ids; the first one signs."""
    for number, key in enumerate(_place(data_dir, folder).keys()):
        sys.stdout.write(f"{key_id(key)}  {'signs' if number == 0 else 'is believed'}\n")


@app.command(name="add")
def add_key(*, data_dir: DataDir = Path(".leadwire"), folder: Folder = None, env: Env = False) -> None:
    """Step 1: a new key, which every service will believe and which does not sign yet."""
    _step(add, data_dir, folder, env=env)


@app.command(name="use")
def use_key(*, data_dir: DataDir = Path(".leadwire"), folder: Folder = None, env: Env = False) -> None:
    """Step 2, when every process knows the new key: it signs."""
    _step(use, data_dir, folder, env=env)


@app.command(name="drop")
def drop_keys(*, data_dir: DataDir = Path(".leadwire"), folder: Folder = None, env: Env = False) -> None:
    """Step 3, when nothing signed by the old keys is valid any more: they are believed no longer."""
    _step(drop, data_dir, folder, env=env)


@app.command
def rotate(*, data_dir: DataDir = Path(".leadwire"), folder: Folder = None) -> None:
    """All three steps, with the waits between them; no request fails meanwhile. Takes a good minute."""
    place = _place(data_dir, folder)
    if len(place.keys()) > 1:
        raise WrongStep("A rotation was begun and not ended: `leadwire keys ls`, then `use` or `drop`.")
    place.take(add)
    say("a new key is published")
    time.sleep(SETTLE_SECONDS)
    place.take(use)
    say(f"it signs; what the old one signed is valid for {LIFETIME_SECONDS} s more")
    time.sleep(OUTLIVED_SECONDS)
    place.take(drop)
    say("the old key is believed no longer")


def changed_env(text: str, step: Step) -> str:
    """The text of a .env with the two settings changed, the rest as it was. Raises NoInstallation without them."""
    private = re.search(rf"^{_PRIVATE}=(.*)$", text, re.MULTILINE)
    if private is None or not re.search(rf"^{_PUBLIC}=", text, re.MULTILINE):
        raise NoInstallation(f"{_PRIVATE} and {_PUBLIC} are not both in it.")
    try:
        pems = "".join(step(split_keys(private[1])))
    except ValueError:
        raise NoInstallation(f"{_PRIVATE} holds no key: where it names a file, use --folder.") from None
    for name, value in ((_PRIVATE, pems.strip().replace("\n", "\\n")), (_PUBLIC, public_key_set(pems))):
        line = f"{name}='{value}'"
        text = re.sub(rf"^{name}=.*$", lambda _, line=line: line, text, flags=re.MULTILINE)
    return text


def _step(step: Step, data_dir: Path, folder: Path | None, *, env: bool) -> None:
    if env:
        sys.stdout.write(changed_env(sys.stdin.read(), step))
    else:
        _place(data_dir, folder).take(step)


def _place(data_dir: Path, folder: Path | None) -> KeyFolder:
    place = KeyFolder(folder or data_dir / "keys")
    if not place.signing.exists():
        raise NoInstallation(f"There are no keys in {place.folder}: give --data-dir or --folder.")
    return place
