"""Settings of lead-intake-svc."""

from pydantic import Field, SecretStr
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    key_pepper: SecretStr = Field(min_length=32, description="Secret that partner keys are hashed with; never changes")
    intake_queue: int = Field(default=4000, ge=100, description="Leads that may wait for a commit before 503")
    dns_server: str = Field(default="", description="host:port asked about mail domains; empty: the system's servers")
    dns_timeout_seconds: float = Field(default=2.0, gt=0, le=10, description="How long one of them may take")
    import_bytes: int = Field(default=256 * 1024**2, ge=1024, description="Bytes that an uploaded file may have")
    import_outbox_room: int = Field(default=50_000, ge=1000, description="Outbox rows at which imports pause")
    import_keep_days: int = Field(default=30, ge=1, description="Days for which failed rows can be downloaded")
