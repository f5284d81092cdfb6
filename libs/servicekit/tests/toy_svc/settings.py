"""Settings of the toy service."""

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    crash: bool = False
