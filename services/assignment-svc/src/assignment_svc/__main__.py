"""`python -m assignment_svc api|worker|migrate`."""

from servicekit.runner import main

from assignment_svc.app import build
from assignment_svc.settings import Settings

if __name__ == "__main__":
    main("assignment-svc", "assignment_svc", Settings, build)
