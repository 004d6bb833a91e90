"""`python -m services.gateway`."""

import sys

from services.chassis.entry import run_service
from services.gateway.app import NAME, build
from services.gateway.config import GatewaySettings

if __name__ == "__main__":
    sys.exit(run_service(NAME, GatewaySettings, build))
