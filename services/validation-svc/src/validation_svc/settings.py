"""Settings of validation-svc."""

from pydantic import Field
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    validation_max_attempts: int = Field(
        default=5, ge=1, le=100, description="Attempts after which a case is exhausted, where no project says so (V4.4)"
    )
    validation_lease_minutes: int = Field(
        default=5, ge=1, le=120, description="How long a next case is its validator's; asking again extends it (V4.11)"
    )
    validation_retry_minutes: int = Field(
        default=15, ge=0, le=7 * 24 * 60, description="How long after an attempt a case is nobody's next one (V4.11)"
    )
