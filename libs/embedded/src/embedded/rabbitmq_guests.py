"""Users of a private RabbitMQ besides its administrator."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Guest:
    """A user of the node besides its administrator. `rights`: patterns for `configure`, `write` and `read` on /.

    `topics`: patterns of routing keys for `write` and `read` on the topic exchange that `exchange` names.
    """

    name: str
    password: str
    rights: Mapping[str, str]
    topics: Mapping[str, str]

    @property
    def expression(self) -> str:
        """What makes it, in Erlang."""
        module, user = "rabbit_auth_backend_internal", _binary(self.name)
        rights = ", ".join(_binary(self.rights[kind]) for kind in ("configure", "write", "read"))
        topics = ", ".join(_binary(self.topics[kind]) for kind in ("exchange", "write", "read"))
        by = _binary("leadwire")
        return (
            f"catch {module}:add_user({user}, {_binary(self.password)}, {by}), "
            f"ok = {module}:change_password({user}, {_binary(self.password)}, {by}), "
            f"ok = {module}:set_permissions({user}, {_binary('/')}, {rights}, {by}), "
            f"ok = {module}:set_topic_permissions({user}, {_binary('/')}, {topics}, {by}),"
        )


def _binary(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'<<"{escaped}">>'
