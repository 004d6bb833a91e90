"""The admin port: `/metrics`, `/healthz` (the process lives), `/readyz` (send it work)."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.chassis.health import Health
from services.chassis.listen import split_address


class _Uvicorn(uvicorn.Server):
    """Leaves the process's signals to the service server, and stops without waiting for a tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()
        self.leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self.serving.set()
        counter = 0
        while not (self.leaving.is_set() or await self.on_tick(counter)):
            counter += 10  # a tick per second, as of its own ten
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaving.wait(), 1)


class AdminServer:
    """Serves the admin port on the service's own event loop: if that hangs, so does `/healthz`."""

    def __init__(self, address: str, health: Health, registry: CollectorRegistry) -> None:
        self._address = address
        self._health = health
        self._registry = registry
        self._server: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Binds and serves.

        Raises:
            OSError: The address is taken or not ours.
        """
        host, port = split_address(self._address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = _Uvicorn(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="admin")
        ready = asyncio.ensure_future(self._server.serving.wait())
        await asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._serving.done():
            self._serving.result()
            raise OSError(f"the admin server did not start on {self._address}")

    async def stop(self) -> None:
        """Stops serving."""
        if self._server is not None and self._serving is not None:
            self._server.leaving.set()
            await self._serving

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
            ]
        )

    async def _metrics(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        # In a thread: the process collector reads files.
        body = await asyncio.to_thread(encode, self._registry)
        return Response(body, media_type=None, headers={"content-type": content_type})

    async def _healthz(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        ready = self._health.ready
        return JSONResponse(
            {"ready": ready, "services": self._health.describe()}, status_code=200 if ready else 503
        )
