"""Who changed what, from what to what (G6.5): entries commit with the change, and travel to identity-svc.

Every write operation leaves an entry unless the service says why not (`Rules.exempt`); what administrators keep in
tables is watched by triggers, so that also a command, a worker or a person at the database leaves one.
"""

from servicekit.audit.doer import Act, Doer
from servicekit.audit.rules import Rules
from servicekit.audit.store import act_as, record

__all__ = ["Act", "Doer", "Rules", "act_as", "record"]
