"""`python -m identity_svc api|worker|migrate|create-admin`."""

import sys

from servicekit.runner import main

from identity_svc.app import NAME, build
from identity_svc.create_admin import create_admin
from identity_svc.settings import Settings

if __name__ == "__main__":
    if sys.argv[1:] == ["create-admin"]:
        sys.exit(create_admin())
    main(NAME, "identity_svc", Settings, build)
