"""`leadwire init-env`: a complete .env for Compose, with fresh secrets."""

from servicekit.keys import generate_signing_key, public_key_set

from leadwire.operate.environment import amqp_password_name, database_password_name
from leadwire.secrets_file import fresh_password
from leadwire.services import SERVICES

_SINK = """COMPOSE_PROFILES=demo
LEADWIRE_SMTP_HOST=mail-sink
LEADWIRE_SMTP_PORT=2525
LEADWIRE_SMTP_TLS=off
LEADWIRE_SMTP_ALLOW_INSECURE=true
LEADWIRE_SMTP_FROM='Leadwire <leadwire@leadwire.local>'"""
_REAL_SMTP = """# To be filled in: the services do not start without a host and a sender.
LEADWIRE_SMTP_HOST=
LEADWIRE_SMTP_PORT=587
LEADWIRE_SMTP_TLS=starttls
# LEADWIRE_SMTP_USERNAME=
# LEADWIRE_SMTP_PASSWORD=
LEADWIRE_SMTP_FROM="""


def environment_file(admin_email: str, *, demo: bool) -> str:
    """Different at every call. `demo` sends mails to the sink instead of a real server."""
    private_key = generate_signing_key()
    one_line = private_key.strip().replace("\n", "\\n")
    passwords = [
        f"{name(service)}={fresh_password()}"
        for name in (database_password_name, amqp_password_name)
        for service in SERVICES
    ]
    lines = [
        "# Leadwire's settings for docker-compose.yml: keep it secret (chmod 600), and keep it.",
        "LEADWIRE_BIND=127.0.0.1",
        "LEADWIRE_PORT=8080",
        "",
        f"LEADWIRE_ADMIN_EMAIL={admin_email}",
        f"LEADWIRE_ADMIN_PASSWORD={fresh_password()}",
        "",
        "# Partner keys are hashed with the pepper: with another one, all of them stop working.",
        f"LEADWIRE_KEY_PEPPER={fresh_password()}",
        "# Seals the secrets of webhooks: with another one, all endpoints need new secrets.",
        f"LEADWIRE_WEBHOOK_SECRET_KEY={fresh_password()}",
        "# Seals the secrets of second factors: with another one, everybody has to enrol again.",
        f"LEADWIRE_SECOND_FACTOR_KEY={fresh_password()}",
        "# identity-svc signs with the private key; all services verify with the public one.",
        f"LEADWIRE_IDENTITY_PRIVATE_KEY='{one_line}'",
        f"LEADWIRE_IDENTITY_KEYS='{public_key_set(private_key)}'",
        "",
        f"LEADWIRE_DATABASE_ADMIN_PASSWORD={fresh_password()}",
        f"LEADWIRE_AMQP_ADMIN_PASSWORD={fresh_password()}",
        *passwords,
        "",
        _SINK if demo else _REAL_SMTP,
    ]
    return "\n".join(lines) + "\n"
