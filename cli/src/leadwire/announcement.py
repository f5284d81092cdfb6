"""What `leadwire up` tells the person who started it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

_console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An account to sign in with. Demo accounts only: real people's passwords are never printed."""

    who: str
    email: str
    password: str


def say(words: str) -> None:
    """A step of the start, for a person who waits."""
    _console.print(f"[dim]·[/] {words}")


def announce_ready(url: str, logins: Sequence[Login], *, mails: bool) -> None:
    _console.print(f"\nLeadwire is ready at {url}", style="bold")
    table = Table(box=None, show_header=False, padding=(0, 3, 0, 0))
    if mails:
        table.add_row(f"{url}/mail", "the mails that were sent")
    table.add_row(f"{url}/docs/", "every operation of the API, and its events")
    _console.print(table)
    if logins:
        accounts = Table("log in as", "e-mail", "password", box=None, padding=(0, 3, 0, 0))
        for login in logins:
            accounts.add_row(login.who, login.email, login.password)
        _console.print(accounts)
    _console.print("Ctrl-C stops it; what it holds stays.")
