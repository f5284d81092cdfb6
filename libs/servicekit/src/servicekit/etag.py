"""Optimistic concurrency: `ETag` on reads, `If-Match` on PATCH."""

from typing import Annotated

from fastapi import Header

from servicekit.problems import DomainError, Kind

IfMatch = Annotated[str | None, Header()]


def etag(version: int) -> str:
    return f'"{version}"'


def check_match(if_match: str | None, version: int) -> None:
    """Raises 412 when the caller changes a version that is no longer the newest; without `If-Match` nothing.

    A proxy that compresses marks our tags as weak; what they name stays the same.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if etag(version) not in [tag.strip().removeprefix("W/") for tag in if_match.split(",")]:
        raise DomainError(Kind.STALE, "version-stale", "Someone changed this since you read it. Read it again.")
