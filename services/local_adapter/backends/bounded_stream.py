"""Reads a streamed HTTP answer line by line without trusting its sender."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from services.local_adapter.backends.failures import failed

MAX_LINE_BYTES = 256 * 1024
"""One event of any dialect has a few hundred bytes; the last one of llama.cpp repeats prompt and grammar."""

MAX_STREAM_BYTES = 16 * 1024 * 1024
"""A thousand tokens with their probabilities have about 400 KB."""


async def lines(
    chunks: AsyncIterator[bytes], *, max_line: int = MAX_LINE_BYTES, max_total: int = MAX_STREAM_BYTES
) -> AsyncGenerator[bytes, None]:
    """Splits a stream of bytes into lines, holding never more than one line and one chunk.

    Args:
        chunks: The bytes as they arrive.
        max_line: Bytes that a line may have.
        max_total: Bytes that the stream may have.

    Yields:
        Lines without their ends; empty ones are left out.

    Raises:
        MeshError: UNAVAILABLE `MODEL_FAILED` where a line or the stream is too long.
    """
    held = b""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > max_total:
            raise failed(f"the model server sent more than {max_total // 1024} KiB for one answer")
        *complete, held = (held + chunk).split(b"\n")
        if len(held) > max_line or any(len(line) > max_line for line in complete):
            raise failed(f"the model server sent a line of more than {max_line // 1024} KiB")
        for line in complete:
            if stripped := line.strip():
                yield stripped
    if stripped := held.strip():
        yield stripped


def json_object(line: bytes) -> dict[str, Any]:
    """Reads one line as a JSON object.

    Raises:
        MeshError: UNAVAILABLE `MODEL_FAILED` where it is none.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise failed("the model server's stream holds something that is not a JSON object")
    return value


async def server_sent(source: AsyncGenerator[bytes, None]) -> AsyncGenerator[dict[str, Any], None]:
    """Reads server-sent events whose data is a JSON object on one line; `[DONE]` ends them."""
    async with aclosing(source) as events:
        async for line in events:
            if line.startswith(b"error:"):  # llama.cpp reports a failure within the stream like this
                yield {"error": json_object(line.removeprefix(b"error:"))}
                return
            if not line.startswith(b"data:"):
                if line.startswith((b":", b"event:", b"id:", b"retry:")):
                    continue
                raise failed("the model server's answer is not an event stream")
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            yield json_object(data)
