"""nginx's configuration for `leadwire up --split`: the gateway's template, and a private main file around it."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

_NAME = re.compile(r"\$\{(LEADWIRE_[A-Z_]+)\}")
_MAIN = """
worker_processes 1;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 60s;
    keepalive_requests 100000;
{gateway}
}}
"""


def render_gateway(values: Mapping[str, str]) -> str:
    """The template with its `${LEADWIRE_…}` names replaced; raises KeyError for one without a value."""
    template = files("leadwire.gateway").joinpath("leadwire.conf.template").read_text()
    return _NAME.sub(lambda match: values[match[1]], template)


def private_configuration(folder: Path, values: Mapping[str, str]) -> str:
    return _MAIN.format(folder=folder, gateway=render_gateway(values))
