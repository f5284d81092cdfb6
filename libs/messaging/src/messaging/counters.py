"""What a worker has done since it started; exported as metrics by whoever runs it."""

from dataclasses import dataclass


@dataclass
class Counters:
    """Only ever grow."""

    published: int = 0
    refused: int = 0
    parked: int = 0
    relay_restarts: int = 0
    handled: int = 0
    repeats: int = 0
    batches: int = 0
    retried: int = 0
    dead_lettered: int = 0
    database_waits: int = 0
