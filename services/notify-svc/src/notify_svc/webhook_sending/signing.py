"""Requests exactly per Standard Webhooks; the signature is made by the public library of that name."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

SECRET_BYTES = 32


def new_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(webhook_id: str, body: str, signing_secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """One signature per secret, so that a receiver verifies with either while they are rotated."""
    moment = now.astimezone(UTC).replace(microsecond=0)
    signatures = " ".join(Webhook(secret).sign(webhook_id, moment, body) for secret in signing_secrets)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signatures,
    }
