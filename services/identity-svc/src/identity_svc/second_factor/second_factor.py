"""The second factor of a person: enrolled, demanded at sign-in, each code accepted once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from messaging.unit_of_work import UnitOfWork
from servicekit.identity import unauthenticated
from servicekit.problems import DomainError, Kind, conflict
from servicekit.sealing import SealBroken, Sealer

from identity_svc.second_factor import store
from identity_svc.second_factor.codes import (
    enrolment_uri,
    hash_recovery_code,
    matching_step,
    new_recovery_codes,
    new_secret,
)
from identity_svc.second_factor.store import Factor

Method = Literal["password", "totp", "recovery"]


@dataclass(frozen=True)
class Proof:
    """What was sent besides the password."""

    totp: str | None = None
    recovery_code: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """Shown once."""

    secret: str
    uri: str


class SecondFactor:
    """Without a key to seal secrets with, nobody can enrol, and who is enrolled cannot sign in."""

    def __init__(self, sealer: Sealer | None, clock: Callable[[], float] = time.time) -> None:
        self._sealer = sealer
        self._clock = clock

    async def enrol(self, work: UnitOfWork, user_id: str, email: str) -> Enrolment:
        """Raises 409 if there is a confirmed one. Until it is confirmed, a new one takes its place."""
        secret = new_secret()
        if not await store.enrol(work, user_id, self.require_key().seal(secret, user_id)):
            raise conflict("totp-exists", "There is a second factor already. Remove it first.")
        return Enrolment(secret, enrolment_uri(secret, email))

    async def confirm(self, work: UnitOfWork, user_id: str, code: str) -> list[str]:
        """The recovery codes, shown once. Raises 409 without an enrolment to confirm, 401 for a wrong code."""
        factor = await store.find(work, user_id)
        if factor is None or factor.confirmed:
            raise conflict("totp-not-enrolling", "There is no enrolment that waits for its code.")
        await self._accept(work, user_id, factor, code)
        return await self.renew_recovery_codes(work, user_id)

    async def renew_recovery_codes(self, work: UnitOfWork, user_id: str) -> list[str]:
        codes = new_recovery_codes()
        await store.replace_recovery_codes(work, user_id, [hash_recovery_code(code) for code in codes])
        return codes

    async def require_code(self, work: UnitOfWork, user_id: str, code: str) -> None:
        """For what only the holder of the factor may do. Raises 409 without one, 401 for a wrong code."""
        factor = await store.find(work, user_id)
        if factor is None or not factor.confirmed:
            raise conflict("totp-missing", "There is no second factor.")
        await self._accept(work, user_id, factor, code)

    async def check_sign_in(self, work: UnitOfWork, user_id: str, level: str, proof: Proof) -> Method:
        """How the person has signed in, once the password was right. Raises 401 saying what is missing or wrong.

        Who must have a factor and has begun to enrol confirms it with the first code.
        """
        factor = await store.find(work, user_id)
        if factor is None or not factor.confirmed:
            if not await store.is_required(work, level):
                return "password"
            if factor is None:
                raise _refused("totp-enrolment-required", "Enrol a second factor: POST /v1/sessions/totp.")
        if proof.totp is not None:
            await self._accept(work, user_id, factor, proof.totp)
            return "totp"
        if proof.recovery_code is not None:
            if not await store.use_recovery_code(work, user_id, hash_recovery_code(proof.recovery_code)):
                raise _refused("recovery-code-invalid", "The recovery code is wrong, or was used before.")
            return "recovery"
        raise _refused("totp-required", "Send the code of your authenticator as totp, or a recovery_code.")

    def require_key(self) -> Sealer:
        """Raises 409 where the installation has no key for it."""
        if self._sealer is None:
            raise conflict("second-factor-off", "This installation has no key for second factors.")
        return self._sealer

    async def _accept(self, work: UnitOfWork, user_id: str, factor: Factor, code: str) -> None:
        try:
            secret = self.require_key().open(factor.secret_sealed, user_id)
        except SealBroken:
            raise DomainError(
                Kind.UNAVAILABLE,
                "second-factor-sealed",
                "The key for second factors is not the one they were sealed with.",
            ) from None
        step = matching_step(secret, code, self._clock())
        if step is None or not await store.accept(work, user_id, factor.secret_sealed, step):
            raise _refused("totp-invalid", "The code is wrong, or was used before.")


def _refused(code: str, detail: str) -> DomainError:
    error = unauthenticated(detail)
    error.code = code
    return error
