"""`python -m services.render`."""

from __future__ import annotations

import sys

from services.chassis.entry import run_service
from services.render.app import NAME, build
from services.render.config import RenderSettings

if __name__ == "__main__":
    sys.exit(run_service(NAME, RenderSettings, build))
