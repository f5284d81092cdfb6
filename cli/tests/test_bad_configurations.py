# ruff: noqa: E501 -- a table reads as one
"""Security: what is misconfigured does not begin. It says which setting it is and what to do, and shows no secret."""

import asyncio
import difflib
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from leadwire.secrets_file import fresh_password
from leadwire.services import SERVICES
from servicekit.boot.environment import ALIKE
from servicekit.keys import generate_signing_key, public_key_set
from servicekit.process import ApiSettings, LogSettings, MigrateSettings, WorkerSettings
from servicekit.testing import TestDatabases

SECRET = fresh_password()
PRIVATE_KEY = generate_signing_key()
KEYS = public_key_set(PRIVATE_KEY)
KEY = json.loads(KEYS)["keys"][0]
AWAY = f"postgresql://leadwire_svc:{SECRET}@127.0.0.1:1/leadwire"
COMMON = {"DATABASE_URL": AWAY, "IDENTITY_KEYS": KEYS}
RIGHT: Mapping[str, Mapping[str, str]] = {
    "sponsor_svc": COMMON,
    "identity_svc": {**COMMON, "IDENTITY_PRIVATE_KEY": PRIVATE_KEY},
    "lead_intake_svc": {**COMMON, "KEY_PEPPER": SECRET},
    "notify_svc": {
        **COMMON,
        "SMTP_HOST": "mail.example.org",
        "SMTP_FROM": "Leadwire <leadwire@example.org>",
        "WEBHOOK_SECRET_KEY": SECRET,
    },
}


@dataclass(frozen=True)
class Bad:
    """`given` on top of what is right (None: not given); what is said has every one of `said` in it."""

    name: str
    package: str
    given: Mapping[str, str | None]
    said: tuple[str, ...]
    role: str = "api"
    secrets: tuple[str, ...] = field(default=(SECRET,))


def bad_keys(**changes: object) -> str:
    return json.dumps({"keys": [KEY | changes]})


WEAK = "weak-weak-weak-weak-weak-weak-weak"
CASES = (
    Bad("no database", "sponsor_svc", {"DATABASE_URL": None}, ("LEADWIRE_DATABASE_URL", "missing", "postgresql://")),
    Bad("another database", "sponsor_svc", {"DATABASE_URL": f"mysql://a:{SECRET}@h/d"}, ("DATABASE_URL", "begin with")),
    Bad("no database's name", "sponsor_svc", {"DATABASE_URL": f"postgresql://a:{SECRET}@h"}, ("DATABASE_URL", "names no database")),
    Bad("a usual password", "sponsor_svc", {"DATABASE_URL": "postgresql://a:changeme@h/d"}, ("DATABASE_URL", "everybody tries"), secrets=("changeme",)),
    Bad("the user as password", "sponsor_svc", {"DATABASE_URL": "postgresql://spons0r:spons0r@h/d"}, ("DATABASE_URL", "everybody tries"), secrets=("spons0r",)),
    Bad("no pool", "sponsor_svc", {"DATABASE_POOL": "-3"}, ("LEADWIRE_DATABASE_POOL", "greater than or equal to 2")),
    Bad("a slip", "sponsor_svc", {"DATABSE_POOL": "20"}, ("LEADWIRE_DATABSE_POOL", "LEADWIRE_DATABASE_POOL was meant")),
    Bad("no keys", "sponsor_svc", {"IDENTITY_KEYS": None}, ("LEADWIRE_IDENTITY_KEYS", "missing")),
    Bad("no key set", "sponsor_svc", {"IDENTITY_KEYS": "{}"}, ("LEADWIRE_IDENTITY_KEYS", "key set")),
    Bad("a private key set", "sponsor_svc", {"IDENTITY_KEYS": bad_keys(d=SECRET)}, ("LEADWIRE_IDENTITY_KEYS", "public Ed25519 keys")),
    Bad("another kind of key", "sponsor_svc", {"IDENTITY_KEYS": bad_keys(kty="oct", k=SECRET)}, ("LEADWIRE_IDENTITY_KEYS", "Ed25519")),
    Bad("a key id twice", "sponsor_svc", {"IDENTITY_KEYS": json.dumps({"keys": [KEY, KEY]})}, ("LEADWIRE_IDENTITY_KEYS", "kid of its own")),
    Bad("an expired key", "sponsor_svc", {"IDENTITY_KEYS": bad_keys(exp=1_700_000_000)}, ("LEADWIRE_IDENTITY_KEYS", "expired")),
    Bad("no port", "sponsor_svc", {"HTTP_PORT": "70000"}, ("LEADWIRE_HTTP_PORT", "less than or equal to 65535")),
    Bad("a port in words", "sponsor_svc", {"HTTP_PORT": "eighty"}, ("LEADWIRE_HTTP_PORT", "integer")),
    Bad("no host", "sponsor_svc", {"HTTP_HOST": "http://0.0.0.0"}, ("LEADWIRE_HTTP_HOST", "0.0.0.0 for every interface")),
    Bad("a wrong address", "sponsor_svc", {"HTTP_HOST": "300.1.1.1"}, ("LEADWIRE_HTTP_HOST", "no address")),
    Bad("everybody a proxy", "sponsor_svc", {"HTTP_TRUSTED_PROXIES": "*"}, ("LEADWIRE_HTTP_TRUSTED_PROXIES", "gateway's")),
    Bad("every network a proxy", "sponsor_svc", {"HTTP_TRUSTED_PROXIES": "10.0.0.1,0.0.0.0/0"}, ("LEADWIRE_HTTP_TRUSTED_PROXIES", "gateway's")),
    Bad("every IPv6 network", "sponsor_svc", {"HTTP_TRUSTED_PROXIES": "::/0"}, ("LEADWIRE_HTTP_TRUSTED_PROXIES", "gateway's")),
    Bad("a level of logs", "sponsor_svc", {"LOG_LEVEL": "LOUD"}, ("LEADWIRE_LOG_LEVEL", "'DEBUG'")),
    Bad("no broker", "sponsor_svc", {}, ("LEADWIRE_AMQP_URL", "missing", "amqp://"), "worker"),
    Bad("everybody's user", "sponsor_svc", {"AMQP_URL": "amqp://guest:guest@broker/"}, ("LEADWIRE_AMQP_URL", "leadwire migrate"), "worker", ("guest:guest",)),
    Bad("another broker", "sponsor_svc", {"AMQP_URL": f"kafka://a:{SECRET}@broker/"}, ("LEADWIRE_AMQP_URL", "amqps://"), "worker"),
    Bad("another private key", "identity_svc", {"IDENTITY_PRIVATE_KEY": generate_signing_key()}, ("LEADWIRE_IDENTITY_PRIVATE_KEY", "key set"), secrets=("BEGIN",)),
    Bad("no private key", "identity_svc", {"IDENTITY_PRIVATE_KEY": SECRET}, ("LEADWIRE_IDENTITY_PRIVATE_KEY", "path")),
    Bad("a session of seconds", "identity_svc", {"SESSION_LIFETIME": "PT1S"}, ("LEADWIRE_SESSION_LIFETIME", "5 minutes")),
    Bad("no pepper", "lead_intake_svc", {"KEY_PEPPER": None}, ("LEADWIRE_KEY_PEPPER", "missing")),
    Bad("a short pepper", "lead_intake_svc", {"KEY_PEPPER": "sh0rt"}, ("LEADWIRE_KEY_PEPPER", "at least 32"), secrets=("sh0rt",)),
    Bad("a simple pepper", "lead_intake_svc", {"KEY_PEPPER": WEAK}, ("LEADWIRE_KEY_PEPPER", "openssl rand"), secrets=(WEAK,)),
    Bad("a pepper of a manual", "lead_intake_svc", {"KEY_PEPPER": "please-changeme-before-you-go-live-1"}, ("LEADWIRE_KEY_PEPPER", "everybody tries"), secrets=("please-",)),
    Bad("mail in the clear", "notify_svc", {"SMTP_TLS": "off"}, ("LEADWIRE_SMTP_TLS", "LEADWIRE_SMTP_ALLOW_INSECURE")),
    Bad("half a log-in", "notify_svc", {"SMTP_PASSWORD": SECRET}, ("LEADWIRE_SMTP_USERNAME", "belong together")),
    Bad("no sender", "notify_svc", {"SMTP_FROM": "nobody"}, ("LEADWIRE_SMTP_FROM", "address")),
    Bad("hooks into this machine", "notify_svc", {"WEBHOOK_ADDRESSES": "loopback"}, ("LEADWIRE_WEBHOOK_ADDRESSES", "ALLOW_INSECURE")),
    Bad("authorities that are not there", "notify_svc", {"SMTP_CA_FILE": "/nowhere/ca.pem"}, ("LEADWIRE_SMTP_CA_FILE", "readable")),
    Bad("a weak webhook key", "notify_svc", {"WEBHOOK_SECRET_KEY": "0101" * 10}, ("LEADWIRE_WEBHOOK_SECRET_KEY", "openssl"), secrets=("0101",)),
)  # fmt: skip


async def begin(bad: Bad) -> tuple[int | None, str]:
    """The exit code of the real process, and what it says."""
    given = {**RIGHT[bad.package], **bad.given}
    environment = {f"LEADWIRE_{name}": value for name, value in given.items() if value is not None}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", bad.package, bad.role),
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(120):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, output.decode()


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
async def test_it_does_not_begin(bad: Bad) -> None:
    _check(bad, await begin(bad))


def _check(bad: Bad, answer: tuple[int | None, str]) -> None:
    code, said = answer
    assert code == 2, said
    assert all(words in said for words in bad.said), said
    assert "Traceback" not in said
    assert not any(secret in said for secret in bad.secrets), "a secret was shown"


def private_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("mode", "text", "said"),
    [
        (0o644, SECRET, "chmod 600"),
        (0o606, SECRET, "chmod 600"),
        (0o600, "\n", "is empty"),
        (0o600, "x" * 100_000, "no file with a secret"),
        (0o600, "sh0rt", "at least 32"),
    ],
    ids=["all may read", "all may write", "empty", "huge", "weak"],
)
async def test_a_secret_in_a_file_is_looked_at_as_closely(tmp_path: Path, mode: int, text: str, said: str) -> None:
    given = {"KEY_PEPPER": None, "KEY_PEPPER_FILE": private_file(tmp_path, text, mode)}
    bad = Bad("file", "lead_intake_svc", given, ("LEADWIRE_KEY_PEPPER", said), secrets=(SECRET, "sh0rt"))
    _check(bad, await begin(bad))


async def test_a_file_that_is_not_there_and_a_setting_that_is_given_twice(tmp_path: Path) -> None:
    away = Bad(
        "x", "lead_intake_svc", {"KEY_PEPPER": None, "KEY_PEPPER_FILE": f"/{SECRET}"}, ("KEY_PEPPER_FILE", "path")
    )
    twice = Bad("x", "lead_intake_svc", {"KEY_PEPPER_FILE": private_file(tmp_path, SECRET)}, ("keep one of them",))
    key = private_file(tmp_path, PRIVATE_KEY, 0o644)
    open_key = Bad("x", "identity_svc", {"IDENTITY_PRIVATE_KEY": key}, ("LEADWIRE_IDENTITY_PRIVATE_KEY", "chmod 600"))
    for bad, answer in zip(
        (away, twice, open_key), await asyncio.gather(*map(begin, (away, twice, open_key))), strict=True
    ):
        _check(bad, answer)


async def test_a_port_that_somebody_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        bad = Bad("x", "sponsor_svc", {"HTTP_PORT": port}, ("LEADWIRE_HTTP_PORT", "cannot listen"))
        _check(bad, await begin(bad))


async def test_a_superuser_is_refused(test_databases: TestDatabases) -> None:
    """No row-level security would stop it, and it may change the log of what was changed."""
    given = {"DATABASE_URL": test_databases.server.dsn()}
    bad = Bad("x", "sponsor_svc", given, ("LEADWIRE_DATABASE_URL", "superuser", "leadwire migrate"))
    _check(bad, await begin(bad))


async def test_secrets_from_files_are_read(tmp_path: Path) -> None:
    """It gets as far as its next mistake."""
    given = {"KEY_PEPPER": None, "KEY_PEPPER_FILE": private_file(tmp_path, SECRET + "\n"), "HTTP_TRUSTED_PROXIES": "*"}
    bad = Bad("x", "lead_intake_svc", given, ("LEADWIRE_HTTP_TRUSTED_PROXIES",))
    _check(bad, await begin(bad))


def test_no_service_takes_another_ones_setting_for_a_slip() -> None:
    """They may share one environment, as in Compose."""
    shared = {
        name for each in (ApiSettings, LogSettings, MigrateSettings, WorkerSettings) for name in each.model_fields
    }
    every = {service.name: shared | set(service.settings_class().model_fields) for service in SERVICES}
    for name, own in every.items():
        for foreign in {setting for settings in every.values() for setting in settings} - own:
            known = sorted(setting.upper() for setting in own)
            assert not difflib.get_close_matches(foreign.upper(), known, 1, ALIKE), (name, foreign)
