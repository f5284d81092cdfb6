"""What comes in and goes out about second factors."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints
from servicekit.http import Input
from servicekit.http_input import Exactly

from identity_svc.second_factor.second_factor import Proof

Totp = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
RecoveryCode = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z -]+$")]
OwnPassword = Annotated[SecretStr, Field(max_length=128), Exactly]


class ProofInput(Input):
    totp: Totp | None = None
    recovery_code: RecoveryCode | None = None

    def proof(self) -> Proof:
        return Proof(self.totp, self.recovery_code)


class Enrol(Input):
    password: OwnPassword


class Code(Input):
    totp: Totp


class Removal(ProofInput):
    password: OwnPassword


class EnrolmentOut(BaseModel):
    secret: str
    otpauth_uri: str


class RecoveryCodesOut(BaseModel):
    recovery_codes: list[str]


class FactorOut(BaseModel):
    required: bool = Field(description="The access level must have a second factor")
    confirmed_at: datetime | None
    recovery_codes_left: int
