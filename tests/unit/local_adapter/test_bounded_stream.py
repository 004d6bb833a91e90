from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import MeshError
from services.local_adapter.backends import bounded_stream
from services.local_adapter.backends.failures import of_status, quote


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def read(*pieces: bytes, max_line: int = 100, max_total: int = 1000) -> list[bytes]:
    source = bounded_stream.lines(chunks(*pieces), max_line=max_line, max_total=max_total)
    return [line async for line in source]


@pytest.mark.asyncio
async def test_lines_are_put_together_from_chunks() -> None:
    assert await read(b"on", b"e\r\n\n tw", b"o\nthree") == [b"one", b"two", b"three"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "pieces", [[b"x" * 101], [b"x" * 60, b"x" * 60], [b"x" * 101 + b"\n"], [b"x\n" * 501]]
)
async def test_what_is_too_long_is_an_error(pieces: list[bytes]) -> None:
    with pytest.raises(MeshError, match="more than"):
        await read(*pieces)


@pytest.mark.asyncio
async def test_events_end_with_done() -> None:
    source = bounded_stream.lines(
        chunks(b': hi\n\nevent: x\nid: 1\ndata: {"a":1}\n\ndata:{"b":2}\n\ndata: [DONE]\n\ndata: x\n')
    )
    assert [event async for event in bounded_stream.server_sent(source)] == [{"a": 1}, {"b": 2}]


@given(st.binary())
def test_an_errors_body_is_quoted_on_one_short_line(body: bytes) -> None:
    said = quote(body)
    assert len(said) <= 170
    assert said.isprintable() or not any(ord(letter) < 32 for letter in said)


def test_an_errors_body_of_any_form() -> None:
    assert quote(b'{"error":{"message":"no\\nroom"}}') == ": no room"
    assert quote(b'{"error":"no room"}') == ": no room"
    assert quote(b'{"message":"no room"}') == ": no room"
    for useless in (b"", b"[]", b"{}", b'{"error":7}', b"<html>", b"[" * 100_000):
        assert quote(useless) == ""
    assert "HTTP 418" in of_status(418, b"", address="http://x", model="m").message
