"""Server streams over HTTP: Server-Sent Events and newline-delimited JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from services.chassis.errors import Code, MeshError
from services.gateway.transcoding.http_body import until_gone
from services.gateway.transcoding.json_encode import message_to_json
from services.gateway.transcoding.negotiation import NDJSON
from services.gateway.transcoding.problems import error_json, status_of
from services.gateway.transcoding.upstream import UpstreamError, UpstreamStream

REVISION_FIELD = "revision"
_INTEGER_TYPES = frozenset({1, 2, 3, 4})


@dataclass(frozen=True)
class StreamPrinter:
    """Prints the responses of one stream.

    Attributes:
        pool: Where the types inside `Any` are found.
        response_body: The response field that is the body; empty for the whole message.
    """

    pool: DescriptorPool
    response_body: str

    def text(self, message: Message) -> bytes:
        """One response as one line of JSON."""
        return message_to_json(message, self.pool, response_body=self.response_body)


async def send_events(
    stream: UpstreamStream,
    printer: StreamPrinter,
    draining: asyncio.Event,
    heartbeat_seconds: int,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answers with Server-Sent Events: `message` for each response, `error` or `end` last.

    The event id is the revision of the message, where it has one. Comments keep idle connections open.
    """

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            async for message in _messages(stream, draining):
                revision = revision_of(message)
                yield ServerSentEvent(
                    printer.text(message).decode(),
                    event="message",
                    id=str(revision) if revision is not None else None,
                    sep="\n",
                )
        except UpstreamError as error:
            yield ServerSentEvent(error_json(error.status).decode(), event="error", sep="\n")
        except MeshError as error:
            yield ServerSentEvent(error_json(status_of(error)).decode(), event="error", sep="\n")
        else:
            # A browser's EventSource opens a finished stream again: this tells the page to close it.
            yield ServerSentEvent("{}", event="end", sep="\n")

    response = EventSourceResponse(
        events(),
        ping=heartbeat_seconds,
        sep="\n",
        ping_message_factory=lambda: ServerSentEvent(comment="heartbeat", sep="\n"),
    )
    await response(scope, receive, send)


async def send_lines(
    stream: UpstreamStream,
    printer: StreamPrinter,
    draining: asyncio.Event,
    receive: Receive,
    send: Send,
) -> None:
    """Answers with one JSON object a line; an error is a last line `{"error": …}`.

    Raises:
        ClientGoneError: The client left first.
    """

    async def lines() -> AsyncIterator[bytes]:
        try:
            async for message in _messages(stream, draining):
                yield printer.text(message) + b"\n"
        except UpstreamError as error:
            yield error_json(error.status) + b"\n"
        except MeshError as error:
            yield error_json(status_of(error)) + b"\n"

    headers = {"content-type": NDJSON, "cache-control": "no-store", "x-accel-buffering": "no"}
    await until_gone(receive, send_chunks(send, 200, headers, lines()))


async def send_chunks(
    send: Send, status: int, headers: Mapping[str, str], chunks: AsyncIterator[bytes]
) -> None:
    """Sends a response whose body comes in pieces."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def revision_of(message: Message) -> int | None:
    """The revision of a response: its own, or that of the only message that it wraps."""
    own = _revision_field(message)
    if own is not None:
        return own
    wrapped = [field for field in message.DESCRIPTOR.fields if field.message_type is not None]
    if len(wrapped) == 1 and not wrapped[0].is_repeated and message.HasField(wrapped[0].name):
        return _revision_field(getattr(message, wrapped[0].name))
    return None


def _revision_field(message: Any) -> int | None:
    field = message.DESCRIPTOR.fields_by_name.get(REVISION_FIELD)
    if field is None or field.is_repeated or field.cpp_type not in _INTEGER_TYPES:
        return None
    return int(getattr(message, REVISION_FIELD))


async def _messages(stream: UpstreamStream, draining: asyncio.Event) -> AsyncIterator[Message]:
    """Responses until the end.

    Raises:
        UpstreamError: The service ended the stream with an error.
        MeshError: UNAVAILABLE `SHUTTING_DOWN`: this process drains; the client reconnects elsewhere.
    """
    drain = asyncio.ensure_future(draining.wait())
    try:
        while (message := await stream.next(drain)) is not None:
            yield message
    except InterruptedError:
        raise MeshError(
            Code.UNAVAILABLE,
            "SHUTTING_DOWN",
            "This gateway is shutting down. Connect again: the stream goes on from the current state.",
            retry_after=1,
        ) from None
    finally:
        drain.cancel()
        stream.cancel()
