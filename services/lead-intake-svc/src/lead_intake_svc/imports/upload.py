"""A multipart body taken apart while it arrives: nothing of a file is kept here."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from servicekit.problems import DomainError, Kind, invalid
from starlette.requests import ClientDisconnect

MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 40


@dataclass(slots=True)
class FilePart:
    """Some bytes of the file called `name`; `last` ends it."""

    name: str
    data: bytes
    last: bool = False


@dataclass
class Form:
    """`fields` grows while `files` is read."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    _parts: int = 0
    _name: str = ""
    _file: str | None = None
    _value: bytearray = field(default_factory=bytearray)
    _header: bytearray = field(default_factory=bytearray)
    _disposition: bytearray = field(default_factory=bytearray)
    _arrived: list[FilePart] = field(default_factory=list[FilePart])
    _complete: bool = False

    async def files(self, request: Request) -> AsyncGenerator[FilePart]:
        """Raises 400 for a broken body, 415 for another kind of it, 422 for fields that are too many or too long."""
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 70:
            raise DomainError(Kind.UNSUPPORTED, "media-type-unsupported", "Send multipart/form-data.")
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )
        try:
            async for data in request.stream():
                parser.write(data)
                for part in self._take():
                    yield part
        except FormParserError:
            raise _broken() from None
        except ClientDisconnect:
            raise DomainError(Kind.BAD_REQUEST, "body-incomplete") from None
        if not self._complete:
            raise _broken()

    def _take(self) -> list[FilePart]:
        arrived, self._arrived = self._arrived, []
        return arrived

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise invalid("too-many-parts", f"The form may have {MAX_PARTS} parts.")
        self._header.clear()
        self._disposition.clear()
        self._value.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end].lower()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        if bytes(self._header) == b"content-disposition":
            self._disposition += data[start:end]

    def _header_end(self) -> None:
        self._header.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(bytes(self._disposition))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        self._file = None if file_name is None else file_name.decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._arrived.append(FilePart(self._name, data[start:end]))
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD_BYTES:
            raise invalid("field-too-long", "A field of the form is too long.")

    def _end(self) -> None:
        if self._file is not None:
            self._arrived.append(FilePart(self._name, b"", last=True))
            return
        if self._name in self.fields:
            raise invalid("field-repeated", "A field of the form is there twice.")
        try:
            self.fields[self._name] = self._value.decode()
        except UnicodeDecodeError:
            raise invalid("field-not-utf-8", "A field of the form is not UTF-8.") from None

    def _finish(self) -> None:
        self._complete = True

    @property
    def file_name(self) -> str:
        """Of the file that is being read, without folders."""
        return (self._file or "").replace("\\", "/").rpartition("/")[2].replace("\0", "")[:200]


def _broken() -> DomainError:
    return DomainError(Kind.BAD_REQUEST, "multipart-broken", "The body is not well-formed.")
