"""`python -m lead_intake_svc api|worker|migrate`."""

from servicekit.runner import main

from lead_intake_svc.app import build
from lead_intake_svc.settings import Settings

if __name__ == "__main__":
    main("lead-intake-svc", "lead_intake_svc", Settings, build)
