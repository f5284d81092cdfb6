"""Text that a spreadsheet must not take for a formula: pure."""

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def neutral(text: str) -> str:
    """With an apostrophe before what spreadsheets would calculate; our import takes it away again."""
    return f"'{text}" if text.startswith(_ACTIVE) else text
