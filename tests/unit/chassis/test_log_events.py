"""What a log event looks like."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
import structlog

from services.chassis.logging import about, configure_logging
from services.chassis.tracing import current_trace_id, span


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def events(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_json_event_per_line(stream: io.StringIO) -> None:
    configure_logging("router", stream=stream)
    log = structlog.get_logger("part")
    with span("work"), about("animations/1", stage="render"):
        trace_id = current_trace_id()
        log.info("rendered", frames=3, text="two\nlines")
    log.debug("not at this level")
    (event,) = events(stream)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "rendered",
        "service": "router",
        "animation": "animations/1",
        "stage": "render",
        "trace_id": trace_id,
        "frames": 3,
        "text": "two\nlines",
        "logger": "part",
        "level": "info",
    }


def test_an_exception_is_one_event_without_variables(stream: io.StringIO) -> None:
    configure_logging("router", stream=stream)
    try:
        prompt = uuid4().hex
        raise RuntimeError(f"length {len(prompt)}")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (event,) = events(stream)
    assert event["exception"].endswith("RuntimeError: length 32")
    assert prompt not in event["exception"]


def test_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    configure_logging("router", stream=stream)
    logging.getLogger("some.library").warning("watch %s", "out")
    logging.getLogger("httpx").info("GET /healthz")
    (event,) = events(stream)
    assert (event["event"], event["logger"], event["level"]) == ("watch out", "some.library", "warning")
    assert event["service"] == "router"


def test_a_level_is_kept_and_configuring_twice_does_not_double(stream: io.StringIO) -> None:
    configure_logging("router", stream=stream)
    configure_logging("router", "ERROR", stream=stream)
    log = structlog.get_logger()
    log.warning("no")
    log.error("yes")
    assert [event["event"] for event in events(stream)] == ["yes"]


def test_a_terminal_gets_pretty_lines_without_variables(stream: io.StringIO) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    configure_logging("router", stream=terminal)
    try:
        prompt = uuid4().hex
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    shown = terminal.getvalue()
    assert "RuntimeError: broken" in shown
    assert prompt not in shown
    assert not shown.startswith("{")
