"""What a file is: its format, encoding, delimiter and columns, found out from a bounded part of it."""

import codecs
import csv
from collections.abc import Sequence

import charset_normalizer
import clevercsv
from servicekit.problems import DomainError, invalid

HEAD_BYTES = 64 * 1024
MAX_COLUMNS = 500
DELIMITERS = ",;\t|"
_DIALECT_LINES = 30
_DIALECT_CHARACTERS = 6000
_SAMPLE_BYTES = 16 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What Windows writes in a region. No detector tells cp1252 from cp1250 by a handful of letters; where a file comes
# from does.
_WINDOWS = {
    **dict.fromkeys(("PL", "CZ", "SK", "HU", "SI", "HR", "RO"), "cp1250"),
    **dict.fromkeys(("RU", "UA", "BG", "BY", "RS", "MK"), "cp1251"),
    **dict.fromkeys(("EE", "LV", "LT"), "cp1257"),
    "GR": "cp1253",
    "TR": "cp1254",
    "IL": "cp1255",
}
_SINGLE_BYTE = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "mac_roman", "iso8859_2", "koi8_r"]
ENCODINGS = frozenset(
    codecs.lookup(name).name
    for name in (
        *_SINGLE_BYTE, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "cp1255", "cp1256", "cp437",
        "cp850", "iso8859-1", "iso8859-4", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-13", "iso8859-15",
        "koi8-u", "mac_latin2", "shift_jis", "gb18030", "big5", "euc_kr",
    )
)  # fmt: skip


def format_of(head: bytes) -> str:
    """`csv` or `xlsx`; raises 422 for what is neither."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise invalid(
            "file-xls-or-encrypted", "This is an old (.xls) or an encrypted workbook. Save it as CSV or XLSX."
        )
    if not head.strip():
        raise invalid("file-empty", "The file is empty.")
    text = head if _bom_encoding(head) in {None, "utf-8-sig"} else head.decode("utf-16", "ignore").encode()
    if any(byte < 32 and byte not in b"\t\n\r\f\x0b" for byte in text[:4096]):
        raise invalid("file-not-text", "This is neither a text file nor an XLSX workbook.")
    _check_width(text)
    return "csv"


def _check_width(head: bytes) -> None:
    """Before the rest of a file of a million columns is taken."""
    line, found, _ = head.replace(b"\r", b"\n").partition(b"\n")
    if not found and len(head) >= HEAD_BYTES // 2:
        raise invalid("header-too-long", "The first line is too long.")
    if max(line.count(delimiter.encode()) for delimiter in DELIMITERS) >= MAX_COLUMNS:
        raise too_many_columns()


def too_many_columns() -> DomainError:
    return invalid("too-many-columns", f"A file may have {MAX_COLUMNS} columns.")


class EncodingWatch:
    """Sees all of a file go by: UTF-8 is certain at its end, anything else is judged by the first odd place."""

    def __init__(self) -> None:
        self.lines = 0
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._bom: str | None = None
        self._begun = False
        self._sample = b""

    def feed(self, data: bytes) -> None:
        if not self._begun:
            self._bom, self._begun = _bom_encoding(data), True
        self.lines += data.count(b"\n")
        if not data.isascii() and not self._sample:
            place = len(data) - len(data.lstrip(bytes(range(128))))
            self._sample = data[max(0, place - _SAMPLE_BYTES // 2) : place + _SAMPLE_BYTES // 2]
        if self._utf8 is not None:
            try:
                self._utf8.decode(data)
            except UnicodeDecodeError:
                self._utf8 = None

    def encoding(self, region: str) -> str:
        if self._bom is not None:
            return self._bom
        if self._utf8 is not None and not self._utf8.getstate()[0]:
            return "utf-8"
        home = _WINDOWS.get(region, "cp1252")
        matches = charset_normalizer.from_bytes(self._sample, cp_isolation=_SINGLE_BYTE, steps=3, chunk_size=512)
        plausible = [name for match in matches for name in (match.encoding, *match.could_be_from_charset)]
        return home if home in plausible or not plausible else plausible[0]


def _bom_encoding(data: bytes) -> str | None:
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def known_encoding(asked: str) -> str:
    """The codec's own name; raises 422."""
    try:
        name = codecs.lookup(asked).name
    except (LookupError, ValueError):
        name = ""
    if name not in ENCODINGS:
        raise invalid("encoding-unknown", "There is no such encoding for files.", "/encoding")
    return "utf-8-sig" if name == "utf-8" else name


def delimiter_of(head: str) -> str:
    """Of the beginning of a file; a comma where there is but one column."""
    lines = _lines(head)[:_DIALECT_LINES]
    sample = "\n".join(lines)[:_DIALECT_CHARACTERS]
    found = [delimiter for delimiter in DELIMITERS if delimiter in lines[0]]
    if len(found) == 1:
        return found[0]
    try:
        dialect = clevercsv.Sniffer().sniff(sample, delimiters=DELIMITERS)
    except clevercsv.Error:
        dialect = None
    if dialect is not None and dialect.delimiter and dialect.delimiter in found:
        return dialect.delimiter
    return max(found, key=lines[0].count, default=",")


def _lines(head: str) -> list[str]:
    """From the first one on that is not blank; there is always one."""
    return head.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n").split("\n")


def first_record(head: str, delimiter: str) -> Sequence[str]:
    """Raises 422 when there are too many cells in it."""
    try:
        record = next(csv.reader([f"{line}\n" for line in _lines(head)], delimiter=delimiter), [])
    except csv.Error:
        record = []
    if len(record) > MAX_COLUMNS:
        raise too_many_columns()
    return record
