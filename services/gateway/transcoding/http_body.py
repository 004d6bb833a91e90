"""Request bodies and the client's presence: bounded reads, and work that ends when the client has gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.types import Receive

from services.chassis.errors import Code, MeshError

Result = TypeVar("Result")

_DISCARDED_LIMITS = 8
_DISCARD_SECONDS = 2.0


class ClientGoneError(Exception):
    """The client closed the connection; nobody reads an answer."""


class LateBodyError(MeshError):
    """The body did not arrive in time: HTTP's 408, which no canonical code stands for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            Code.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            f"The body did not arrive within {seconds:g} seconds. Send it without pauses.",
        )


async def read_body(receive: Receive, headers: Headers, limit: int, seconds: float) -> bytes:
    """Reads a request body, at most `limit` bytes of it, however it is framed.

    Raises:
        MeshError: INVALID_ARGUMENT `BODY_TOO_LARGE`, before more than `limit` bytes are kept.
        LateBodyError: The client needs more than `seconds` to send it.
        ClientGoneError: The client left before the body was complete.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        if headers.get("expect", "").lower() != "100-continue":
            await _discard(receive, limit)
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    if message.get("more_body", False):
                        await _discard(receive, limit)
                    raise _too_large(limit)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise LateBodyError(seconds) from None


async def until_gone(receive: Receive, work: Coroutine[None, None, Result]) -> Result:
    """Runs `work`, cancelling it when the client closes the connection. The body must have been read.

    Raises:
        ClientGoneError: The client left first.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
            # The work's own clean-up (cancelling the upstream call) must have run before we return.
            await asyncio.wait({working})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _discard(receive: Receive, limit: int) -> None:
    """Reads on for a moment: a client that is still sending would meet a reset instead of the answer."""
    left = limit * _DISCARDED_LIMITS
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))


def _too_large(limit: int) -> MeshError:
    return MeshError(
        Code.INVALID_ARGUMENT,
        "BODY_TOO_LARGE",
        f"The body is larger than {limit} bytes. Send less, or split it into several requests.",
    )
