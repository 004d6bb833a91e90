"""How `python -m services.<name>` begins: configuration, logs, traces, the event loop."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
import uvloop
from pydantic import ValidationError

from services.chassis.config import ServiceSettings
from services.chassis.logging import configure_logging
from services.chassis.server import ServiceServer
from services.chassis.tracing import configure_tracing

Settings = TypeVar("Settings", bound=ServiceSettings)
_log = structlog.get_logger(__name__)


def run_service(
    name: str, settings_type: type[Settings], build: Callable[[Settings], Awaitable[ServiceServer]]
) -> int:
    """Runs a service until it is told to stop.

    Args:
        name: The service, for example `router`.
        settings_type: Its configuration, read from the environment.
        build: Its `app.py`: makes the server, within the event loop.

    Returns:
        The exit code: 0 after a stop, 1 after a failure, 2 for a configuration that is not valid.
    """
    try:
        settings = settings_type()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            variable = "_".join(str(part) for part in problem["loc"]).upper()
            sys.stderr.write(f"{name}: {variable}: {problem['msg']}\n")
        return 2
    # gRPC's core writes lines of its own to standard error, in no format that a log collector knows.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    configure_logging(name, settings.log_level)
    provider = configure_tracing(name, endpoint=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    _log.info("starting", config=settings.describe())

    async def main() -> None:
        server = await build(settings)
        await server.run()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except Exception:  # noqa: BLE001 - the process ends here; the log says why
        _log.exception("the service failed")
        return 1
    finally:
        provider.shutdown()
    return 0
