"""`python -m toy_svc api|worker|migrate`."""

from servicekit.runner import main

from toy_svc.app import NAME, build
from toy_svc.settings import Settings

if __name__ == "__main__":
    main(NAME, "toy_svc", Settings, build)
