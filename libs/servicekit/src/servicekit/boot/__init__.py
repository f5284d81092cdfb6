"""What is refused before a process begins: settings that would not work, or that would work against their owner."""

from servicekit.boot.errors import Misconfigured

__all__ = ["Misconfigured"]
