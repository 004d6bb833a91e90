"""Ranges, content types, deadlines and errors, as far as they need no connection."""

from __future__ import annotations

import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.chassis.errors import Code, MeshError, to_status
from services.gateway.transcoding.negotiation import (
    EVENT_STREAM,
    JSON,
    NDJSON,
    Deadlines,
    choose_type,
    read_timeout,
    require_json,
)
from services.gateway.transcoding.problems import error_headers, error_object, http_status, reason_of
from services.gateway.transcoding.ranges import none_match, parse_range, range_applies, resolve

DEADLINES = Deadlines(30, 120)


@given(st.integers(0, 50), st.integers(0, 60), st.one_of(st.none(), st.integers(0, 60)))
def test_a_range_is_a_slice(size: int, first: int, last: int | None) -> None:
    data = bytes(range(size))
    wanted = parse_range(f"bytes={first}-{'' if last is None else last}")
    if last is not None and last < first:
        assert wanted is None
        return
    assert wanted is not None
    span = resolve(wanted, size)
    expected = data[first:] if last is None else data[first : last + 1]
    if not expected:
        assert span is None
        return
    assert span is not None
    assert data[span.offset : span.offset + span.length] == expected
    assert span.content_range(size) == f"bytes {first}-{first + len(expected) - 1}/{size}"


@given(st.integers(0, 50), st.integers(0, 60))
def test_a_suffix_is_the_end(size: int, suffix: int) -> None:
    data = bytes(range(size))
    wanted = parse_range(f"bytes=-{suffix}")
    assert wanted is not None
    span = resolve(wanted, size)
    expected = data[-suffix:] if suffix else b""
    assert (data[span.offset : span.offset + span.length] if span else b"") == expected


@given(st.text(max_size=30))
def test_any_range_header_is_read(header: str) -> None:
    parse_range(header)
    parse_range("bytes=" + header)
    none_match(header, '"e"')
    range_applies(header, '"e"')


def test_entity_tags() -> None:
    assert none_match('"a", W/"b"', '"b"')
    assert none_match(" * ", '"b"')
    assert not none_match(None, '"b"')
    assert not none_match("b", '"b"')
    assert not none_match('""', '"b"')
    assert range_applies(None, '"b"')
    assert range_applies('"b"', '"b"')
    assert not range_applies('W/"b"', '"b"')


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, EVENT_STREAM),
        ("*/*", EVENT_STREAM),
        ("text/event-stream", EVENT_STREAM),
        ("application/x-ndjson", NDJSON),
        ("application/*", NDJSON),
        ("text/event-stream;q=0.5, application/x-ndjson", NDJSON),
        ("application/x-ndjson;q=0.1, */*;q=0.2", EVENT_STREAM),
        ("text/event-stream;q=0, */*", NDJSON),
        ("text/html, APPLICATION/X-NDJSON ; charset=utf-8", NDJSON),
        ("image/png", None),
        ("*/*;q=0", None),
    ],
)
def test_accept(accept: str | None, chosen: str | None) -> None:
    headers = Headers({"accept": accept} if accept is not None else {})
    if chosen is None:
        with pytest.raises(MeshError) as raised:
            choose_type(headers, (EVENT_STREAM, NDJSON))
        assert raised.value.reason == "ACCEPT_UNSUPPORTED"
    else:
        assert choose_type(headers, (EVENT_STREAM, NDJSON)) == chosen
    assert choose_type(Headers({}), (JSON,)) == JSON


@pytest.mark.parametrize(
    "given_type",
    [None, JSON, "application/json;charset=utf-8", 'application/json; charset="UTF-8"', "application/x+json"],
)
def test_json_is_read(given_type: str | None) -> None:
    require_json(Headers({"content-type": given_type} if given_type else {}))


@pytest.mark.parametrize(
    "given_type", ["", "text/json", "application/json; charset=latin-1", "json", "application/xml"]
)
def test_nothing_else_is(given_type: str) -> None:
    with pytest.raises(MeshError) as raised:
        require_json(Headers({"content-type": given_type}))
    assert raised.value.reason == "CONTENT_TYPE_UNSUPPORTED"


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("x-request-timeout", "2.5", 2.5),
        ("x-request-timeout", " 2s ", 2),
        ("x-request-timeout", "500ms", 0.5),
        ("x-request-timeout", "1m", 60),
        ("x-request-timeout", "99999", 120),
        ("grpc-timeout", "2S", 2),
        ("grpc-timeout", "250m", 0.25),
        ("grpc-timeout", "1M", 60),
        ("grpc-timeout", "1H", 120),
        ("unrelated", "1", 30),
    ],
)
def test_deadlines(name: str, value: str, seconds: float) -> None:
    assert read_timeout(Headers({name: value}), DEADLINES) == pytest.approx(seconds)


def test_a_default_is_bounded_too() -> None:
    assert read_timeout(Headers({}), Deadlines(500, 120)) == 120


@pytest.mark.parametrize("code", list(Code)[1:])
def test_every_code_has_an_http_status(code: Code) -> None:
    status = to_status(MeshError(code, "REASON", "Sentence."))
    http = http_status(status)
    assert 400 <= http < 600
    error = error_object(status)["error"]
    assert error["code"] == http
    assert error["status"] == code.name
    assert error["message"] == "Sentence."


def test_codes_of_http_itself() -> None:
    for reason, http in [("BODY_TOO_LARGE", 413), ("METHOD_NOT_ALLOWED", 405), ("RANGE_INVALID", 416)]:
        assert http_status(to_status(MeshError(Code.INVALID_ARGUMENT, reason, "x"))) == http


def test_retry_after_is_whole_seconds_rounded_up() -> None:
    for seconds, header in [(0.1, "1"), (1.0, "1"), (1.01, "2"), (7.2, "8")]:
        error = MeshError(Code.UNAVAILABLE, "X", "x", retry_after=seconds)
        assert error_headers(to_status(error))["retry-after"] == header
    assert "retry-after" not in error_headers(to_status(MeshError(Code.NOT_FOUND, "X", "x")))


def test_details_of_unknown_type_are_left_out() -> None:
    status = to_status(MeshError(Code.NOT_FOUND, "X", "x"))
    status.details.append(any_pb2.Any(type_url="type.googleapis.com/unknown.Type", value=b"\xff"))
    status.details.append(any_pb2.Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\xff"))
    assert len(error_object(status)["error"]["details"]) == 1
    assert "retry-after" not in error_headers(status)
    assert reason_of(status) == "X"
    assert reason_of(status_pb2.Status(code=code_pb2.UNKNOWN)) == ""
    assert http_status(status_pb2.Status(code=99)) == 500
    assert error_object(status_pb2.Status(code=99))["error"]["status"] == "UNKNOWN"
