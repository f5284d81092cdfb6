"""N5.1: TLS is required unless it is explicitly allowed to do without."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from notify_svc.settings import Settings
from pydantic import ValidationError
from servicekit.testing import TEST_KEY_SET, ServiceUnderTest


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink.example")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "sink.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest_asyncio.fixture(autouse=True)
async def queued(service: ServiceUnderTest, make_lead: Any, make_partner: Any) -> None:
    await service.deliver(make_partner())
    await service.deliver(make_lead())


async def test_starttls_encrypts_and_logs_in(mailer: Any, sink: Any, server_context: ssl.SSLContext, certificate: Path):
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"leadwire", b"pass word"))

    await sink.stop()
    await sink.start(tls_context=server_context, require_starttls=True, auth_required=True, authenticator=authenticate)
    settings = {"smtp_tls": "starttls", "smtp_ca_file": certificate, "smtp_username": "leadwire"}
    await mailer.settle(mailer.sender(sink.port, smtp_password="pass word", **settings))
    assert [(mail.encrypted, mail.recipients) for mail in sink.mails] == [(True, ["buyer1@p1.example"])]


async def test_implicit_tls(mailer: Any, sink: Any, server_context: ssl.SSLContext, certificate: Path):
    await sink.stop()
    await sink.start(implicit_tls=server_context)
    await mailer.settle(mailer.sender(sink.port, smtp_tls="tls", smtp_ca_file=certificate))
    assert [mail.encrypted for mail in sink.mails] == [True]


async def _not_sent(mailer: Any, sink: Any, **settings: Any) -> Any:
    async with mailer.running(mailer.sender(sink.port, **settings)):
        await mailer.until("attempts = 1 AND state = 'queued' FROM emails")
    assert sink.mails == []
    [row] = await mailer.rows()
    return row


async def test_a_server_without_starttls_gets_nothing(mailer: Any, sink: Any):
    """Left to itself, aiosmtplib would have sent it in the clear."""
    row = await _not_sent(mailer, sink, smtp_tls="starttls")
    assert "STARTTLS" in row["reply"]


async def test_a_server_with_a_certificate_we_do_not_trust_gets_nothing(
    mailer: Any, sink: Any, server_context: ssl.SSLContext
):
    await sink.stop()
    await sink.start(tls_context=server_context)
    row = await _not_sent(mailer, sink, smtp_tls="starttls")
    assert "certificate" in row["reply"].lower()


async def test_a_wrong_password_is_our_trouble_and_not_the_mails(
    mailer: Any, sink: Any, server_context: ssl.SSLContext, certificate: Path
):
    def refuse(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    await sink.stop()
    await sink.start(tls_context=server_context, auth_required=True, authenticator=refuse)
    settings = {"smtp_tls": "starttls", "smtp_ca_file": certificate, "smtp_username": "u", "smtp_password": "secret"}
    row = await _not_sent(mailer, sink, **settings)
    assert row["reply_code"] == 535
    assert "secret" not in row["reply"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_tls": "off"},
        {"smtp_tls": "none"},
        {"smtp_from": "no address"},
        {"smtp_from": "Leadwire <a@b.example>\r\nBcc: x@y.example"},
        {"smtp_username": "u"},
        {"smtp_password": "p"},
        {"smtp_host": ""},
        {"webhook_addresses": "loopback"},
        {"webhook_secret_key": "too short"},
    ],
)
def test_settings_that_would_not_do_refuse_to_boot(wrong: dict[str, Any]):
    right = {"database_url": "x", "identity_keys": TEST_KEY_SET, "smtp_host": "mail", "smtp_from": "a@b.example"}
    right["webhook_secret_key"] = "a" * 32
    assert Settings.model_validate(right).smtp_tls == "starttls"
    with pytest.raises(ValidationError):
        Settings.model_validate(right | wrong)
