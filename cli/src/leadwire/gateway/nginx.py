"""nginx's configuration for `leadwire up --split`: the gateway's template, and a private main file around it."""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"\$\{(LEADWIRE_[A-Z_]+)\}")
_MAIN = """
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    keepalive_timeout 60s;
    keepalive_requests 100000;
{gateway}
}}
"""


def render_gateway(values: Mapping[str, str]) -> str:
    """The template with its `${LEADWIRE_…}` names replaced; raises KeyError for one without a value."""
    template = files("leadwire.gateway").joinpath("leadwire.conf.template").read_text()
    return _NAME.sub(lambda match: values[match[1]], template)


def private_configuration(values: Mapping[str, str]) -> str:
    """A whole nginx.conf; `embedded.NginxServer` adds the folders."""
    return _MAIN.format(gateway=render_gateway(values))
