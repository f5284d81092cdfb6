"""Names as people type them, and the keys under which two of them are the same."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
EntityId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def key_of(name: str) -> str:
    """Equal for names that differ in case, white space or Unicode composition only."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
