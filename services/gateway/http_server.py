"""uvicorn inside the service's event loop: bounded request heads, no signal handlers of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.chassis.listen import split_address

_BACKLOG = 1024
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HttpLimits:
    """What a connection may take.

    Attributes:
        head_bytes: Largest request head that is kept while it is incomplete.
        head_seconds: Longest time for a request head to arrive.
        keep_alive_seconds: Idle connections are closed after this.
        connections: Connections above this are answered with 503.
    """

    head_bytes: int
    head_seconds: float
    keep_alive_seconds: int
    connections: int


class HttpServer:
    """Serves an ASGI application until it is told to stop.

    Attributes:
        port: The port, once started.
    """

    def __init__(self, app: ASGIApp, listen: str, limits: HttpLimits) -> None:
        self.port = 0
        self._listen = listen
        config = uvicorn.Config(
            app,
            loop="none",
            http=_bounded_protocol(limits.head_bytes, limits.head_seconds),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=limits.keep_alive_seconds,
            limit_concurrency=limits.connections,
        )
        self._config = config
        self._server = _EmbeddedServer(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Binds the address and serves.

        Raises:
            OSError: The address cannot be bound.
        """
        host, port = split_address(self._listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
            bound.listen(_BACKLOG)
            bound.setblocking(False)
        except OSError as error:
            bound.close()
            raise OSError(error.errno, f"cannot listen on {self._listen}: {error.strerror}") from error
        self.port = bound.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[bound]), name="http")
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait({up, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._serving.done():
            self._serving.result()
            raise OSError(f"cannot serve on {self._listen}")
        _log.info("serving http", http_port=self.port)

    async def stop(self, seconds: float) -> None:
        """Accepts nothing more, and waits so long (at least 1 s) for running requests, then cuts them off."""
        if self._serving is None:
            return
        self._config.timeout_graceful_shutdown = max(1, round(seconds))
        self._server.should_exit = True
        serving, self._serving = self._serving, None
        try:
            await serving
        except asyncio.CancelledError:
            self._server.force_exit = True
            raise


class _EmbeddedServer(uvicorn.Server):
    """A server that leaves signals to the process that it is part of, and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bounded_protocol(most_bytes: int, seconds: float) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol with limits on a request head that does not end.

    On httptools uvicorn has none: a client could send headers for ever, or one byte a minute. A head that
    is complete is judged by the application.
    """

    class BoundedProtocol(HttpToolsProtocol):
        _awaiting: asyncio.TimerHandle | None = None
        _received = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_arrived()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._await_head()

        def on_headers_complete(self) -> None:
            self._head_arrived()
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._awaiting is not None:
                self._received += len(data)
                if self._received > most_bytes:
                    self._give_up(b"431 Request Header Fields Too Large")

        def _await_head(self) -> None:
            if self._awaiting is None:
                self._received = 0
                late = b"408 Request Timeout"
                self._awaiting = self.loop.call_later(seconds, self._give_up, late)

        def _head_arrived(self) -> None:
            if self._awaiting is not None:
                self._awaiting.cancel()
                self._awaiting = None

        def _give_up(self, status: bytes) -> None:
            self._head_arrived()
            if not self.transport.is_closing():
                head = b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                self.transport.write(head)
                self.transport.close()

    return BoundedProtocol
