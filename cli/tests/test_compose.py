"""O7.1: docker-compose.yml is valid, and passes every service the settings that it has, all of them and no others."""

import json
import re
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from compose_file import ROOT, containers, environment_of, parse_env, raw_compose, variables_in
from jsonschema.validators import validator_for
from leadwire.gateway.nginx import render_gateway
from leadwire.operate.broker_users import broker_user
from leadwire.operate.environment import (
    amqp_url_from,
    broker_administration_from,
    databases_from,
)
from leadwire.operate.init_env import environment_file
from leadwire.services import SERVICES, Service
from pydantic_settings import BaseSettings
from servicekit.process import ApiSettings, LogSettings, WorkerSettings
from servicekit.settings import ServiceSettings

DEMO = parse_env(environment_file("admin@leadwire.local", demo=True))
REAL = {
    **parse_env(environment_file("admin@leadwire.local", demo=False)),
    "LEADWIRE_SMTP_HOST": "smtp.example.org",
    "LEADWIRE_SMTP_FROM": "leads@example.org",
    "LEADWIRE_SMTP_USERNAME": "leads",
    "LEADWIRE_SMTP_PASSWORD": "secret",
}
ROLES = {"api": ApiSettings, "worker": WorkerSettings}
EACH = [pytest.param(service, role, id=f"{service.name}-{role}") for service in SERVICES for role in ROLES]


def test_it_is_valid_by_the_compose_specification() -> None:
    text = files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()
    schema = json.loads(text)
    errors = [f"{list(e.path)}: {e.message}" for e in validator_for(schema)(schema).iter_errors(raw_compose())]
    assert errors == []


def test_there_is_a_container_for_every_role_of_every_service() -> None:
    servers = {"postgres", "rabbitmq", "migrate", "documents", "gateway", "mail-sink"}
    assert set(raw_compose()["services"]) == servers | {f"{s.name}-{role}" for s in SERVICES for role in ROLES}


@pytest.mark.parametrize(("service", "role"), EACH)
@pytest.mark.parametrize("env", [DEMO, REAL], ids=["demo", "real"])
def test_a_service_gets_settings_that_it_has_and_those_that_it_needs(
    env: dict[str, str], service: Service, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = containers(env)[f"{service.name}-{role}"]
    passed = environment_of(container, env)
    kinds: list[type[BaseSettings]] = [service.settings_class(), ROLES[role], LogSettings]
    known = {f"LEADWIRE_{name.upper()}" for kind in kinds for name in kind.model_fields}
    assert set(passed) <= known
    for name, value in passed.items():
        monkeypatch.setenv(name, value)
    settings, *_ = [kind() for kind in kinds]
    assert isinstance(settings, ServiceSettings)
    settings.verifier()
    if service.name == "identity-svc":
        settings.signer()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] -- its own settings
    assert container["command"] == [service.package, role]
    assert container["build"]["args"] == {"SERVICE": service.name}


def test_passwords_are_those_that_migrate_gives_out() -> None:
    all_containers = containers(DEMO)
    migrate = environment_of(all_containers["migrate"], DEMO)
    databases, broker = databases_from(migrate), broker_administration_from(migrate)
    assert broker is not None
    for service in SERVICES:
        worker = environment_of(all_containers[f"{service.name}-worker"], DEMO)
        assert worker["LEADWIRE_DATABASE_URL"] == databases.login_dsn(service)
        own, migrates = urlsplit(worker["LEADWIRE_AMQP_URL"]), urlsplit(amqp_url_from(migrate))
        assert (own.username, own.password) == (broker_user(service), broker.passwords[service.key])
        assert (own.hostname, own.port, own.path) == (migrates.hostname, migrates.port, migrates.path)


def test_doctor_asks_every_role() -> None:
    urls = environment_of(containers(DEMO)["migrate"], DEMO)["LEADWIRE_READY_URLS"].split()
    ports = {"api": 8000, "worker": 8001}
    assert sorted(urls) == sorted(f"http://{s.name}-{role}:{ports[role]}/readyz" for s in SERVICES for role in ROLES)


def test_the_gateway_gets_every_name_of_the_template() -> None:
    environment = environment_of(containers(DEMO)["gateway"], DEMO)
    rendered = render_gateway(environment)
    for service in SERVICES:
        assert f"server {service.name}-api:8000;" in rendered
    assert "listen 8080;" in rendered


@pytest.mark.parametrize("missing", sorted(set(REAL) & variables_in((ROOT / "docker-compose.yml").read_text())))
def test_without_a_secret_nothing_starts(missing: str) -> None:
    """No default for a secret: a variable either has a harmless default, or Compose says that it is missing."""
    secret = re.search("PASSWORD|PEPPER|KEY", missing)
    if secret and "SMTP" not in missing:
        with pytest.raises(KeyError, match=missing):
            containers({name: value for name, value in REAL.items() if name != missing})


def test_the_demos_environment_is_complete_and_the_real_one_wants_a_mail_server() -> None:
    assert containers(DEMO)
    with pytest.raises(KeyError, match="SMTP_HOST"):
        containers(parse_env(environment_file("admin@leadwire.local", demo=False)))


def test_secrets_are_fresh() -> None:
    again = parse_env(environment_file("admin@leadwire.local", demo=True))
    secret = [name for name in DEMO if re.search("PASSWORD|PEPPER|KEY", name)]
    assert len(secret) == 20
    assert all(again[name] != DEMO[name] for name in secret)


@pytest.mark.parametrize("name", [n for n, c in raw_compose()["services"].items() if "leadwire/" in c["image"]])
def test_our_containers_are_closed(name: str) -> None:
    """security.md: images non-root, read-only, no capabilities."""
    container: dict[str, Any] = raw_compose()["services"][name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in container
    assert "cap_add" not in container
    assert name in {"migrate", "documents"} or "healthcheck" in container


def test_only_the_gateway_and_the_mail_sink_have_ports_outside() -> None:
    compose = raw_compose()
    assert {name for name, container in compose["services"].items() if "ports" in container} == {"gateway", "mail-sink"}
    assert compose["networks"]["inside"] == {"internal": True}
