"""Why a command cannot do what it was asked, in a sentence for who asked."""

import asyncpg
import httpx2
from servicekit.unavailable import UNAVAILABLE


class CannotRun(Exception):
    """The command ends with this sentence instead of a traceback."""


UNREACHABLE = (
    *UNAVAILABLE,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    httpx2.HTTPError,
)
