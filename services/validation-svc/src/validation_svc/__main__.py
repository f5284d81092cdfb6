"""validation-svc: `api`, `worker` or `migrate`."""

from servicekit.runner import main

from validation_svc.app import build
from validation_svc.settings import Settings

if __name__ == "__main__":
    main("validation-svc", "validation_svc", Settings, build)
