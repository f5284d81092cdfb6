"""The platform's two documents: OpenAPI for its operations, AsyncAPI for its events."""

import tempfile
from pathlib import Path
from typing import Any

from contracts.asyncapi import asyncapi_document as document_of_events
from servicekit.app import App

from leadwire import __version__
from leadwire.announcement import Login
from leadwire.installation import PORT_NAMES, Installation, settings_from
from leadwire.openapi import platform_document
from leadwire.provision import Databases
from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES

_NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def openapi_document() -> dict[str, Any]:
    """Of the whole platform."""
    return platform_document(await service_documents(), __version__)


async def service_documents() -> dict[str, dict[str, Any]]:
    """Of each service by its name, built from its routes; no server is needed, none is asked."""
    documents: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        secrets = Secrets(Path(folder))
        installation = Installation(
            data_dir=Path(folder),
            package_cache=Path(folder),
            host="127.0.0.1",
            port=0,
            ports=dict.fromkeys(PORT_NAMES, 1),
            secrets=secrets,
            databases=Databases(_NOWHERE, secrets.database_passwords),
            admin=Login("admin", "", ""),
        )
        for service in SERVICES:
            app: App = await service.build()(settings_from(service, installation.environment(service)))
            documents[service.name] = app.http.openapi()
            await app.close()
    return documents


def asyncapi_document() -> dict[str, Any]:
    """With who hears what, from the services' own tables of subscriptions."""
    heard = {
        service.name: {f"{service.name}.{s.name}": s.event_types for s in service.subscriptions()}
        for service in SERVICES
    }
    return document_of_events(heard)
