"""Time-based codes (RFC 6238) and recovery codes: pure."""

import base64
import hashlib
import hmac
import secrets

from pyotp import random_base32
from pyotp.totp import TOTP

STEP_SECONDS = 30
# A phone's clock may be one step off, either way.
_DRIFT = (0, -1, 1)
ISSUER = "Leadwire"
RECOVERY_CODES = 10
# 120 bits: enough for a hash that is not slow.
_RECOVERY_BYTES = 15


def new_secret() -> str:
    """160 bits in base32."""
    return random_base32()


def enrolment_uri(secret: str, email: str) -> str:
    """What an authenticator reads from a QR code."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step that the code belongs to, if it is now or one step away. Every candidate is compared, in full."""
    totp = TOTP(secret, interval=STEP_SECONDS)
    present = int(now // STEP_SECONDS)
    fitting = [
        present + drift
        for drift in _DRIFT
        if hmac.compare_digest(totp.generate_otp(present + drift).encode(), code.encode())
    ]
    return max(fitting, default=None)


def new_recovery_codes() -> list[str]:
    return [_grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(code: str) -> bytes:
    """Hyphens, spaces and capitals are how people copy a code, not part of it."""
    return hashlib.sha256("".join(code.split()).replace("-", "").upper().encode()).digest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 6] for start in range(0, len(code), 6))
