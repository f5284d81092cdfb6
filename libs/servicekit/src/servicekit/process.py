"""Settings of a process besides those of its service."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_CONFIG = SettingsConfigDict(env_prefix="LEADWIRE_", frozen=True, extra="ignore", hide_input_in_errors=True)


class LogSettings(BaseSettings):
    model_config = _CONFIG

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`; never personal data at any level"
    )


class ApiSettings(BaseSettings):
    model_config = _CONFIG

    http_host: str = Field(default="127.0.0.1", description="Address to listen on")
    http_port: int = Field(default=8000, ge=1, le=65535, description="Port to listen on")
    http_trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses or networks, separated by commas, of the gateway"
    )


class WorkerSettings(BaseSettings):
    model_config = _CONFIG

    amqp_url: SecretStr = Field(
        description="amqp://user:password@host:port/vhost; outside one host amqps:// (and `?cafile=`)"
    )
    health_host: str = Field(default="127.0.0.1", description="Address to listen on")
    health_port: int = Field(default=8001, ge=1, le=65535, description="For /healthz, /readyz and /metrics")


class MigrateSettings(BaseSettings):
    model_config = _CONFIG

    database_url: SecretStr = Field(description="As the role that owns the schema")
