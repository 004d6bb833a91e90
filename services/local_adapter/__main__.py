"""`python -m services.local_adapter`."""

from __future__ import annotations

import sys

from services.chassis.entry import run_service
from services.local_adapter.app import NAME, build
from services.local_adapter.config import LocalAdapterSettings

if __name__ == "__main__":
    sys.exit(run_service(NAME, LocalAdapterSettings, build))
