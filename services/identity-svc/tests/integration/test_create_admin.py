"""The first admin from the command line; too many sign-ins at once."""

import asyncio
import os
import subprocess
import sys

import pytest
from identity_svc.users.create_user import ensure_admin
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from servicekit import passwords
from servicekit.testing import ServiceUnderTest, TestDatabases


def run(**settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "identity_svc", "create-admin"],
        env={"PATH": os.environ["PATH"]} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_g6_1_create_admin_makes_one_and_changes_none(test_databases: TestDatabases):
    dsn = await test_databases.clone("identity_svc")
    settings = {
        "LEADWIRE_DATABASE_URL": dsn,
        "LEADWIRE_ADMIN_EMAIL": "admin@example.test",
        "LEADWIRE_ADMIN_PASSWORD": "correct horse",
    }
    first = await asyncio.to_thread(run, **settings)
    again = await asyncio.to_thread(run, **settings)
    missing = await asyncio.to_thread(run, **(settings | {"LEADWIRE_ADMIN_PASSWORD": "s3cr3t"}))
    easy = await asyncio.to_thread(run, **(settings | {"LEADWIRE_ADMIN_PASSWORD": "administrator1"}))
    assert (easy.returncode, "little more than the name" in easy.stderr) == (2, True)
    assert (first.returncode, again.returncode, missing.returncode) == (0, 1, 2)
    assert "LEADWIRE_ADMIN_PASSWORD" in missing.stderr
    assert "s3cr3t" not in missing.stderr
    await test_databases.drop(dsn)


async def test_more_sign_ins_than_can_be_checked_are_told_to_come_back(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(passwords, "_MOST_WAITING", 1)
    body = {"email": "a@example.test", "password": "x"}
    answers = await asyncio.gather(*(service.http.post("/v1/sessions", json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [401, 503, 503]
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "2"}


async def test_hashes_of_yesterday_are_replaced_at_the_next_sign_in(service: ServiceUnderTest):
    weak = PasswordHash([Argon2Hasher(memory_cost=8, time_cost=1, parallelism=1)]).hash("correct horse")
    await ensure_admin(service.db, "admin@example.test", "another one")
    await service.db.pool.execute("UPDATE users SET password_hash = $1", weak)
    body = {"email": "admin@example.test", "password": "correct horse"}
    assert (await service.http.post("/v1/sessions", json=body)).status_code == 201
    stored = await service.db.pool.fetchval("SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await service.http.post("/v1/sessions", json=body)).status_code == 201
