"""Webhooks over TLS: the name is asked for, and the certificate has to be good."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from servicekit.testing import ServiceUnderTest


@pytest.fixture
def certified(tmp_path: Path) -> Callable[..., tuple[ssl.SSLContext, Path]]:
    """A server's context and the file of its authority (itself), for a name and up to a moment."""

    def make(name: str = "hooks.example", days: int = 1) -> tuple[ssl.SSLContext, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = tmp_path / f"{name}{days}.pem"
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context, path

    return make


async def _over_tls(hooks: Any, sink: Any, context: ssl.SSLContext) -> list[str | None]:
    names: list[str | None] = []

    def asked_for(_: Any, name: str | None, __: Any) -> None:
        names.append(name)

    context.sni_callback = asked_for
    await sink.stop()
    await sink.start(context)
    await hooks.endpoint(sink.url(scheme="https", host="hooks.example"))
    return names


async def test_n5_6_over_tls_the_name_is_asked_for_and_verified(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, certified: Any, names_of: Any
):
    context, authority = certified()
    names = await _over_tls(hooks, hook_sink, context)
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(names_of(["127.0.0.1"]), webhook_ca_file=authority))
    assert (await hooks.row())["state"] == "delivered"
    assert names == ["hooks.example"]


@pytest.mark.parametrize("wrong", ["unknown authority", "other name", "expired"])
async def test_n5_6_a_certificate_that_is_not_good_gets_nothing(  # noqa: PLR0917 -- fixtures
    service: ServiceUnderTest, hooks: Any, hook_sink: Any, make_lead: Any, certified: Any, names_of: Any, wrong: str
):
    context, authority = certified(
        *{"other name": ("other.example", 1), "expired": ("hooks.example", -1)}.get(wrong, ())
    )
    await _over_tls(hooks, hook_sink, context)
    trusted = {} if wrong == "unknown authority" else {"webhook_ca_file": authority}
    await service.deliver(make_lead())
    await hooks.settle(hooks.sender(names_of(["127.0.0.1"]), **trusted))
    assert await hooks.reason() == ("retrying", "tls-failed")
    assert hook_sink.posts == []
