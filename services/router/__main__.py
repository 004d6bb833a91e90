"""Runs the router: `python -m services.router`."""

import sys

from services.chassis.entry import run_service
from services.router.app import build
from services.router.config import RouterSettings

if __name__ == "__main__":
    sys.exit(run_service("router", RouterSettings, build))
