"""Settings of lead-intake-svc."""

from pydantic import Field, SecretStr
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    key_pepper: SecretStr = Field(min_length=32, description="Secret that partner keys are hashed with; never changes")
    intake_queue: int = Field(default=4000, ge=100, description="Leads that may wait for a commit before 503")
