"""O7.1: what `leadwire up` keeps in its data folder."""

import socket
import stat
from pathlib import Path

from leadwire.installation import PORT_NAMES, choose_ports
from leadwire.secrets_file import Secrets
from leadwire.services import SERVICES


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    """security.md: no default for a secret."""
    first = Secrets(tmp_path)
    file = tmp_path / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = Secrets(tmp_path)
    assert again.database_passwords == first.database_passwords
    assert again.identity_keys.keys() == first.identity_keys.keys()
    assert stat.S_IMODE(first.identity_keys.signing.stat().st_mode) == 0o600
    assert again["key_pepper"] == first["key_pepper"]


def test_no_two_installations_and_no_two_services_share_a_secret(tmp_path: Path) -> None:
    passwords = [p for name in ("one", "two") for p in Secrets(tmp_path / name).database_passwords.values()]
    assert len(set(passwords)) == 2 * len(SERVICES)
    assert all(len(password) >= 32 for password in passwords)


def test_a_secret_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = Secrets(tmp_path)
    file = tmp_path / "secrets.json"
    file.write_text(file.read_text().replace('"database_notify"', '"database_other"'))
    again = Secrets(tmp_path)
    assert again["key_pepper"] == first["key_pepper"]
    assert again.database_passwords["sponsor"] == first.database_passwords["sponsor"]
    assert again.database_passwords["notify"] != first.database_passwords["notify"]


def test_ports_stay_the_same_while_they_are_free(tmp_path: Path) -> None:
    ports = choose_ports(tmp_path)
    assert set(ports) == set(PORT_NAMES)
    assert len(set(ports.values())) == len(ports)
    assert choose_ports(tmp_path) == ports


def test_a_port_that_somebody_took_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    ports = choose_ports(tmp_path)
    with socket.create_server(("127.0.0.1", ports["smtp"])):
        others = choose_ports(tmp_path)
    assert others["smtp"] != ports["smtp"]
    assert {name: port for name, port in others.items() if name != "smtp"} == {
        name: port for name, port in ports.items() if name != "smtp"
    }
