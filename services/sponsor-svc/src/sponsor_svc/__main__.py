from servicekit.runner import main

from sponsor_svc.app import build
from sponsor_svc.settings import Settings

main("sponsor-svc", "sponsor_svc", Settings, build)
