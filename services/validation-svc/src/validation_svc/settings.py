"""Settings of validation-svc."""

from pydantic import Field
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    validation_max_attempts: int = Field(
        default=5, ge=1, le=100, description="Unconfirmed decisions after which a case is exhausted (V4.4)"
    )
