"""What the process and each of its services answer to health checks (`grpc.health.v1`)."""

import asyncio

from grpc_health.v1 import health, health_pb2

from services.chassis.metrics import Metrics

PROCESS = ""
"""The empty service name means the process."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_TOLD_SECONDS = 1.0


class Health:
    """The health of a process. It begins NOT_SERVING, and ends so for good when it drains.

    Attributes:
        servicer: The gRPC servicer that answers checks and watches.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.servicer = health.aio.HealthServicer()  # type: ignore[attr-defined]
        self._metrics = metrics
        self._wanted: dict[str, bool] = {}
        self._started = False
        self._draining = False
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Whether the process has started and does not drain."""
        return self._started and not self._draining

    def serving(self, service: str) -> bool:
        """Whether a service answers now; the process must be ready for it."""
        return self.ready and (service == PROCESS or self._wanted.get(service, False))

    def describe(self) -> dict[str, bool]:
        """Every known service and whether it answers."""
        return {service: self.serving(service) for service in sorted(self._wanted)}

    def set(self, service: str, serving: bool) -> None:
        """States whether `service` can answer; takes effect once the process has started."""
        self._wanted[service] = serving
        if self._started:
            self._tell(service)

    async def start(self) -> None:
        """The process is ready: the services that can answer are SERVING."""
        self._started = True
        for service in [PROCESS, *self._wanted]:
            self._tell(service)
        await self._told()

    async def begin(self) -> None:
        """Before anything is served: everything known is NOT_SERVING."""
        for service in [PROCESS, *self._wanted]:
            await self.servicer.set(service, _NOT_SERVING)
            if service:
                self._metrics.serving.labels(service).set(0)

    async def drain(self) -> None:
        """Everything is NOT_SERVING from now on."""
        self._draining = True
        for service in [PROCESS, *self._wanted]:
            self._tell(service)
        await self._told()

    def _tell(self, service: str) -> None:
        serving = self.serving(service)
        if service:
            self._metrics.serving.labels(service).set(int(serving))
        task = asyncio.ensure_future(self.servicer.set(service, _SERVING if serving else _NOT_SERVING))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self) -> None:
        # A watcher that does not read its stream holds the servicer's lock: it must not hold us.
        if self._telling:
            await asyncio.wait(set(self._telling), timeout=_TOLD_SECONDS)
