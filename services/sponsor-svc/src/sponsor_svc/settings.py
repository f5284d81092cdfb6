"""Settings of sponsor-svc: what every service needs, and nothing more."""

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    pass
