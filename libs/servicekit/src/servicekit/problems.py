"""Domain errors, and the one place where they become problem documents (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

DOCUMENTATION = "https://leadwire.dev/problems/"


class Kind(IntEnum):
    """What sort of error it is; the value is the HTTP status."""

    BAD_REQUEST = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    STALE = 412
    TOO_LARGE = 413
    UNSUPPORTED = 415
    INVALID = 422
    LOCKED = 423
    TOO_MANY = 429
    UNEXPECTED = 500
    UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class FieldError:
    """`pointer` is a JSON pointer into the body, or `?name` for a query parameter. Never holds an input value."""

    pointer: str
    code: str
    detail: str


@dataclass(eq=False)
class DomainError(Exception):
    """A rule said no. `code` is part of the contract; `detail` is for people and holds no input values."""

    kind: Kind
    code: str
    detail: str = ""
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.code


def not_found() -> DomainError:
    """The same for unknown and foreign ids, to the byte."""
    return DomainError(Kind.NOT_FOUND, "not-found", "There is nothing here that you may see.")


def forbidden(code: str = "forbidden", detail: str = "Your access level does not allow this.") -> DomainError:
    return DomainError(Kind.FORBIDDEN, code, detail)


def invalid(code: str, detail: str, pointer: str | None = None) -> DomainError:
    errors = [FieldError(pointer, code, detail)] if pointer is not None else []
    return DomainError(Kind.INVALID, code, detail, errors)


def conflict(code: str, detail: str) -> DomainError:
    return DomainError(Kind.CONFLICT, code, detail)


def problem_document(error: DomainError, request_id: str) -> dict[str, object]:
    title = error.code.replace("-", " ").capitalize()
    return {
        "type": DOCUMENTATION + error.code,
        "title": title,
        "status": int(error.kind),
        "code": error.code,
        "detail": error.detail or title,
        "request_id": request_id,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in error.errors],
        **error.extra,
    }
