"""Settings of assignment-svc."""

from pydantic import Field
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    claims_per_agent: int = Field(default=1000, ge=1, description="Open claims that one agent may have (E9)")
    offline_minutes: int = Field(
        default=10, ge=1, le=1440, description="Minutes without a request after which an agent is offline (E9)"
    )
