"""Settings of lead-intake-svc."""

from pydantic import Field, SecretStr
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    key_pepper: SecretStr = Field(min_length=32, description="Secret that partner keys are hashed with; never changes")
    intake_queue: int = Field(default=4000, ge=100, description="Leads that may wait for a commit before 503")
    dns_server: str = Field(default="", description="host:port asked about mail domains; empty: the system's servers")
    dns_timeout_seconds: float = Field(default=2.0, gt=0, le=10, description="How long one of them may take")
