"""An HTTP server that answers exactly what a test tells it to, however wrong that is."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ScriptedServer:
    """Handlers by method and path; what is not there answers 404."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    open_connections: int = 0

    def on(self, route: str, handler: Handler) -> None:
        """Answers `GET /path` or `POST /path` with a handler that writes the whole response."""
        self.handlers[route] = handler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *rest = head.split("\r\n")
            method, path, _ = first.split(" ")
            headers = dict(line.lower().split(": ", 1) for line in rest if line)
            headers |= {k.lower(): v for k, v in (line.split(": ", 1) for line in rest if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Request(method, path, headers, body)
            self.requests.append(request)
            handler = self.handlers.get(f"{method} {path}")
            if handler is None:
                writer.write(response(b'{"error":"not found"}', status="404 Not Found"))
            else:
                await handler(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.open_connections -= 1
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """Runs one on a free loopback port."""
    script = ScriptedServer()
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(script.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def response(body: bytes, *, status: str = "200 OK", media_type: str = "application/json") -> bytes:
    """A complete response."""
    return head(status=status, media_type=media_type, extra=f"Content-Length: {len(body)}\r\n") + body


def head(*, status: str = "200 OK", media_type: str = "text/event-stream", extra: str = "") -> bytes:
    """The beginning of a response whose body ends with the connection."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nConnection: close\r\n{extra}\r\n".encode()


def answering(body: object, *, status: str = "200 OK", media_type: str = "application/json") -> Handler:
    """A handler that always answers the same."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(response(data, status=status, media_type=media_type))

    return handler


def streaming(
    pieces: list[bytes | float], *, media_type: str = "text/event-stream", extra: str = ""
) -> Handler:
    """A handler that sends pieces; a number is a pause in seconds."""

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head(media_type=media_type, extra=extra))
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            else:
                await asyncio.sleep(piece)

    return handler
