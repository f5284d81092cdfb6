"""`leadwire dlq ls|show|replay|discard`."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter
from messaging.dead_letters import DEFAULT_RATE_PER_SECOND, LEAST_RATE_PER_SECOND, Choice
from servicekit.dead_letters.decide import Decision

from leadwire.operate.dead_letters import DeadLetters
from leadwire.operate.printing import (
    entry_as_document,
    group_as_document,
    print_entries,
    print_entry,
    print_groups,
    print_json,
)
from leadwire.operate.where import Where

app = App(name="dlq", help="Messages that could not be handled: see, bring back or discard them.")


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the waiting dead letters.

    Parameters
    ----------
    queue
        All of a queue.
    type
        All of an event type.
    failure
        All with the same failure.

    """

    queue: str | None = None
    type: str | None = None
    failure: str | None = None

    def choice(self, ids: tuple[UUID, ...]) -> Choice:
        return Choice(ids=ids or None, queue=self.queue, type=self.type, failure=self.failure)


Place = Annotated[Where, Parameter(name="*")]
Filter = Annotated[Which, Parameter(name="*")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="For programs.")]
OneByOne = Annotated[bool, Parameter(negative="", help="One by one, with their ids, oldest first.")]
Limit = Annotated[int, Parameter(help="With --entries: so many of each service at most.")]
Letter = Annotated[UUID, Parameter(help="Its id, from `dlq ls --entries`.")]
Letters = Annotated[UUID, Parameter(help="Their ids; or choose with --queue, --type, --failure.")]
Body = Annotated[bool, Parameter(negative="", help="With what the message says, which may be personal data.")]
Rate = Annotated[float, Parameter(help="So many per second at most.")]
DryRun = Annotated[bool, Parameter(negative="", help="Only count.")]
Reason = Annotated[str | None, Parameter(help="Kept in the audit log; nobody's data belongs in it.")]
All = Annotated[bool, Parameter(name="--all", negative="", help="All that wait.")]
HERE, ANY = Where(), Which()


@app.command(name="ls")
def list_letters(
    *, where: Place = HERE, which: Filter = ANY, entries: OneByOne = False, limit: Limit = 100, as_json: Json = False
) -> None:
    """List the waiting dead letters: how many for each cause, or one by one."""
    letters = DeadLetters(where.addresses())
    if entries:
        found = asyncio.run(letters.entries(which.choice(()), limit))
        listed = [(service, entry) for service, some in found.items() for entry in some]
        print_json([entry_as_document(*one) for one in listed]) if as_json else print_entries(listed)
        return
    groups = [
        (service, group)
        for service, some in asyncio.run(letters.groups()).items()
        for group in some
        if _matches(which, group.queue, group.type, group.failure)
    ]
    print_json([group_as_document(*one) for one in groups]) if as_json else print_groups(groups)


@app.command
def show(letter: Letter, *, where: Place = HERE, body: Body = False, as_json: Json = False) -> None:
    """Show a dead letter."""
    found = asyncio.run(DeadLetters(where.addresses()).find(letter))
    if found is None:
        sys.exit(f"There is no dead letter {letter}.")
    service, entry = found
    text = (entry.body or b"").decode("utf-8", "backslashreplace") if body else None
    print_json(entry_as_document(service, entry, text)) if as_json else print_entry(service, entry, text)


@app.command
def replay(
    *letters: Letters,
    where: Place = HERE,
    which: Filter = ANY,
    rate: Rate = DEFAULT_RATE_PER_SECOND,
    dry_run: DryRun = False,
    everything: All = False,
) -> None:
    """Bring dead letters back to their queues, under their own ids: what had its effect already has none again."""
    if rate < LEAST_RATE_PER_SECOND:
        sys.exit(f"The rate must be {LEAST_RATE_PER_SECOND} a second at least.")
    _decide(where, _chosen(which, letters, everything=everything), Decision("replay", dry_run, rate))


@app.command
def discard(
    *letters: Letters,
    where: Place = HERE,
    which: Filter = ANY,
    reason: Reason = None,
    dry_run: DryRun = False,
    everything: All = False,
) -> None:
    """Decide that dead letters will never be handled. They are kept, with who decided it."""
    _decide(where, _chosen(which, letters, everything=everything), Decision("discard", dry_run, reason=reason))


def _decide(where: Where, choice: Choice, decision: Decision) -> None:
    counts = asyncio.run(DeadLetters(where.addresses()).decide(choice, decision))
    done = {"replay": "brought back", "discard": "discarded"}[decision.kind]
    words = f"would be {done}" if decision.dry_run else done
    for service, count in counts.items():
        if count:
            sys.stdout.write(f"{service.name}: {count} {words}\n")
    if not any(counts.values()):
        sys.exit("No waiting dead letter is like that.")


def _chosen(which: Which, ids: tuple[UUID, ...], *, everything: bool) -> Choice:
    if not everything and not ids and which == ANY:
        sys.exit("Say which: ids, --queue, --type, --failure, or --all.")
    return which.choice(ids)


def _matches(which: Which, queue: str, event_type: str, failure: str) -> bool:
    wanted = ((which.queue, queue), (which.type, event_type), (which.failure, failure))
    return all(want is None or want == value for want, value in wanted)
