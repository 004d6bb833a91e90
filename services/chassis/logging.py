"""Structured logs: one JSON event per line (pretty on a terminal), with trace id and service.

Code logs with `structlog.get_logger(__name__)`; logs of libraries take the same form. Prompts are
logged at DEBUG only.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

from services.chassis.tracing import current_trace_id

_NOISY = ("grpc", "uvicorn", "httpx", "httpcore", "alembic", "sqlalchemy", "aiosqlite", "asyncio")


def configure_logging(name: str, level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Sets the process's logging up.

    Args:
        name: The service, in every event.
        level: The lowest level that is logged.
        stream: Where to; standard error if None.
    """
    target = stream or sys.stderr
    pretty = target.isatty()

    def add_context(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = name
        trace_id = current_trace_id()
        if trace_id:
            event.setdefault("trace_id", trace_id)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_context,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]
    ending: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if pretty:
        # Not rich's tracebacks: they print local variables, and with them prompts.
        ending.append(structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback))
    else:
        ending += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(target)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # These speak about every call, request or statement.
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def about(animation: str, **facts: Any) -> Iterator[None]:
    """Names the animation (`animations/…`) in every event logged inside."""
    with structlog.contextvars.bound_contextvars(animation=animation, **facts):
        yield
