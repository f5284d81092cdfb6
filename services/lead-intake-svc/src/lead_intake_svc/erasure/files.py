"""Files that wait to be imported, or are being imported, and name a person who is erased (I2.27)."""

import codecs
import re
from collections.abc import Sequence

from lead_intake_svc.erasure import store
from messaging.unit_of_work import UnitOfWork

# Longer than any number or address, so that none is missed that lies across two pieces.
_OVERLAP = 400


async def stop_files(work: UnitOfWork, identities: Sequence[tuple[str, str]]) -> int:
    """Their text goes, and with it the rest of the file, which the partner sends again without the person. What a
    worker was just storing of it is stored when this returns. How many pieces of text were removed.
    """
    removed, named = 0, pattern_of(identities)
    if named is None:
        return 0
    for found in await store.open_files(work):
        if await _names(work, found["id"], found["encoding"], named):
            removed += await store.stop_file(work, found["id"])
    return removed


def pattern_of(identities: Sequence[tuple[str, str]]) -> re.Pattern[str] | None:
    """Numbers by their last eight digits, however they are grouped: with or without a country, or a leading zero."""
    words = [
        re.escape(value) if kind == "email" else r"[ ()./\u00a0-]{0,3}".join(value[-8:]) for kind, value in identities
    ]
    return re.compile("|".join(words), re.IGNORECASE) if words else None


async def _names(work: UnitOfWork, import_id: str, encoding: str, named: re.Pattern[str]) -> bool:
    decode = codecs.getincrementaldecoder(encoding)("replace").decode
    text, n = "", 0
    while (piece := await store.chunk(work, import_id, n)) is not None:
        text = text[-_OVERLAP:] + decode(piece)
        if named.search(text):
            return True
        n += 1
    return False
