"""`leadwire reconcile`."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter

from leadwire.announcement import say
from leadwire.operate.recount.recount import recount
from leadwire.operate.where import Where

app = App(name="reconcile", help="Compare the figures that sponsors watch with the tables they come from.")
MOST_SAID = 100


@app.default
def reconcile(*, where: Annotated[Where, Parameter(name="*")] = Where()) -> int:  # noqa: B008 -- frozen
    """Count everything of the statistics again, from the services' own tables, and say where they differ.

    Exit code 1 if they do. What is still on its way counts as a difference: run it at rest, or again.
    """
    addresses = {service.name: address for service, address in where.addresses().items()}
    found, compared = asyncio.run(recount(addresses))
    for difference in found[:MOST_SAID]:
        say(str(difference))
    if len(found) > MOST_SAID:
        say(f"and {len(found) - MOST_SAID} more")
    say(f"{compared} figures compared: {f'{len(found)} differ' if found else 'all equal'}")
    return 1 if found else 0
