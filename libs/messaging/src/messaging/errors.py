"""How a handler says what should become of a message. Everything else that it raises is tried again."""


class PermanentFailure(Exception):
    """Trying again cannot help: the message goes straight to the dead letters. `code` groups failures there."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class NotYet(Exception):
    """An earlier event of the subject has not arrived: the message waits in a delay tier. For strict ordering only."""
