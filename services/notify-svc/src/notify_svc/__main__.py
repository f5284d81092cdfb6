"""notify-svc: `api`, `worker` or `migrate`."""

from servicekit.runner import main

from notify_svc.app import build
from notify_svc.settings import Settings

if __name__ == "__main__":
    main("notify-svc", "notify_svc", Settings, build)
