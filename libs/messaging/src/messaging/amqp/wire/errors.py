"""What ends a connection or a channel."""


class ConnectionLost(ConnectionError):
    """The connection to the broker is gone, or could not be made."""


class ChannelClosed(ConnectionError):
    """The broker closed the channel: the code and words are its own."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class ConsumerCancelled(ConnectionError):
    """The broker ended the consumer, e.g. because the queue was deleted; the channel is still open."""
