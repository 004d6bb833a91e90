"""The server that every service runs: gRPC with health and reflection, the admin port, and its end.

On SIGTERM or SIGINT the server says NOT_SERVING, goes on until load balancers have noticed, lets the
service hand back its work, lets running calls finish, and stops. A second signal stops at once.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from importlib import metadata
from typing import Any

import grpc
import structlog
from google.protobuf import message_factory
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.chassis.access import AccessLayer, Authenticator, MeshAuthenticator
from services.chassis.admin import AdminServer
from services.chassis.call_metrics import MetricsLayer
from services.chassis.calls import Layer, Pipeline, ServerCall
from services.chassis.config import ServiceSettings
from services.chassis.deadlines import DeadlineLayer, DeadlinePolicy
from services.chassis.health import Health
from services.chassis.identity import IdentityVerifier
from services.chassis.loop_lag import watch_loop_lag
from services.chassis.methods import MethodTable
from services.chassis.metrics import Metrics
from services.chassis.rpc_errors import ErrorLayer
from services.chassis.tls import server_credentials
from services.chassis.tracing import TraceLayer
from services.chassis.validation import ValidationLayer

Hook = Callable[[], Awaitable[None]]

_INTERRUPT_SECONDS = 2.0
_HOOK_SECONDS_WHEN_FORCED = 1.0
_METADATA_BYTES = 32 * 1024
_log = structlog.get_logger(__name__)


class ServiceServer:
    """A gRPC server with all that a service of the mesh needs.

    Attributes:
        name: The service, for example `router`.
        metrics: Its metrics.
        health: Its health.
        draining: Set when the end has begun; long waits in handlers may look at it.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        name: str,
        metrics: Metrics,
        verifier: IdentityVerifier | None = None,
        authenticator: Authenticator | None = None,
        handlers: Sequence[grpc.GenericRpcHandler] = (),
        layers: Sequence[Layer] = (),
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        deadlines: DeadlinePolicy | None = None,
        ends_on_drain: Iterable[str] = (),
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        """Builds the server; nothing is bound before `start`.

        Args:
            settings: Addresses, deadlines and times.
            name: The service.
            metrics: Where calls are counted.
            verifier: Verifies the mesh's principals.
            authenticator: Replaces the verifier where callers are authenticated in another way.
            handlers: Further handlers, for example ones that forward bytes. They answer only methods
                that a descriptor declares.
            layers: Further layers, inside of validation.
            interceptors: Further gRPC interceptors, inside of all layers.
            deadlines: Default and least deadlines; None takes the defaults from the settings.
            ends_on_drain: Paths of methods (endless streams) that are ended with UNAVAILABLE when the
                drain begins, instead of being waited for.
            credentials: TLS; None takes it from the settings, which say plain text by default.

        Raises:
            ValueError: Neither a verifier nor an authenticator is given, or the TLS files are not
                usable.
        """
        if authenticator is None:
            if verifier is None:
                raise ValueError("a server needs a verifier or an authenticator")
            authenticator = MeshAuthenticator(verifier)
        self.name = name
        self.metrics = metrics
        self.health = Health(metrics)
        self.draining = asyncio.Event()
        self._settings = settings
        self._credentials = credentials or server_credentials(settings)
        self._methods = MethodTable()
        self._metrics_layer = MetricsLayer(metrics)
        self._validation = ValidationLayer()
        self._ends_on_drain = frozenset(ends_on_drain)
        self._pipeline = Pipeline(
            [
                TraceLayer(),
                self._metrics_layer,
                ErrorLayer(),
                DeadlineLayer(deadlines or self._default_deadlines()),
                AccessLayer(authenticator),
                self._validation,
                *layers,
            ],
            self._methods,
        )
        self._interceptors = (self._pipeline, *interceptors)
        self._handlers = tuple(handlers)
        self._adders: list[tuple[Callable[[Any, Any], None], Any]] = []
        self._services: list[str] = []
        self._start_hooks: list[Hook] = []
        self._drain_hooks: list[Hook] = []
        self._stop_hooks: list[Hook] = []
        self._admin = AdminServer(settings.admin_listen, self.health, metrics.registry)
        self._server: grpc.aio.Server | None = None
        self._lag: asyncio.Task[None] | None = None
        self._stopped = False
        self.port = 0

    @property
    def admin_port(self) -> int:
        """The port of the admin server, once started."""
        return self._admin.port

    def _default_deadlines(self) -> DeadlinePolicy:
        settings = self._settings
        return DeadlinePolicy(
            unary=settings.default_deadline_seconds, stream=settings.default_stream_deadline_seconds
        )

    def add(self, servicer_adder: Callable[[Any, Any], None], servicer: Any, full_service_name: str) -> None:
        """Serves a servicer; it is SERVING as soon as the process is, unless told otherwise.

        Args:
            servicer_adder: The generated `add_…Servicer_to_server`.
            servicer: The servicer.
            full_service_name: For example `animathic.v1.AnimationService`.

        Raises:
            KeyError: No imported descriptor declares the service.
        """
        methods = self._methods.of_service(full_service_name)
        self._metrics_layer.prepare(methods)
        for method in methods:
            if method.descriptor is not None:
                self._validation.prepare(message_factory.GetMessageClass(method.descriptor.input_type)())
        self._adders.append((servicer_adder, servicer))
        self.announce(full_service_name)

    def announce(self, full_service_name: str) -> None:
        """Shows a service in reflection and health: `add` does so; forwarding handlers need it."""
        self._services.append(full_service_name)
        self.health.set(full_service_name, True)

    def set_serving(self, full_service_name: str, serving: bool) -> None:
        """States whether a service can answer health checks with SERVING."""
        self.health.set(full_service_name, serving)

    def on_start(self, hook: Hook) -> None:
        """Runs `hook` before the gRPC port opens; a failure ends the process."""
        self._start_hooks.append(hook)

    def on_drain(self, hook: Hook) -> None:
        """Runs `hook` when the drain begins, while calls are still answered: hand work back here."""
        self._drain_hooks.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """Runs `hook` after the last call, in reverse order: close clients and databases here."""
        self._stop_hooks.append(hook)

    async def start(self) -> None:
        """Opens the admin port, runs the start hooks, opens the gRPC port and becomes SERVING.

        Raises:
            OSError: An address cannot be bound.
            Exception: What a start hook raised.
        """
        self.metrics.set_build(self.name, _version())
        await self._admin.start()
        self._lag = asyncio.create_task(
            watch_loop_lag(self.metrics.event_loop_lag_seconds.labels(self.name)), name="loop-lag"
        )
        for hook in self._start_hooks:
            await hook()
        self._server = self._build()
        await self.health.begin()
        await self._server.start()
        await self.health.start()
        _log.info("serving", grpc_port=self.port, admin_port=self.admin_port, services=sorted(self._services))

    def _build(self) -> grpc.aio.Server:
        settings = self._settings
        age = int(settings.max_connection_age_seconds * 1000)
        server = grpc.aio.server(
            interceptors=self._interceptors,
            handlers=self._handlers,
            options=[
                # Two services on one port must be an error, not a coin toss per connection.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", settings.max_message_bytes),
                ("grpc.max_send_message_length", settings.max_message_bytes),
                ("grpc.max_metadata_size", _METADATA_BYTES),
                ("grpc.absolute_max_metadata_size", 2 * _METADATA_BYTES),
                ("grpc.max_connection_age_ms", age),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 10_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
            ],
        )
        for adder, servicer in self._adders:
            adder(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health.servicer, server)  # type: ignore[no-untyped-call]
        reflection.enable_server_reflection(  # type: ignore[no-untyped-call]
            (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME), server
        )
        try:
            if self._credentials is None:
                self.port = server.add_insecure_port(settings.grpc_listen)
            else:
                self.port = server.add_secure_port(settings.grpc_listen, self._credentials)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {settings.grpc_listen}: {error}") from error
        return server

    async def run(self) -> None:
        """Serves until a signal, then drains; a second signal stops at once.

        Raises:
            OSError: An address cannot be bound.
            Exception: What a start hook raised; the stop hooks have run.
        """
        loop = asyncio.get_running_loop()
        first, second = asyncio.Event(), asyncio.Event()

        def on_signal() -> None:
            (second if first.is_set() else first).set()

        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, on_signal)
        try:
            if await _until(first, self.start()):
                await first.wait()
                _log.info("draining", seconds=self._settings.drain_seconds)
                if not await _until(second, self.stop()):
                    _log.warning("stopping at once")
        finally:
            # Finishes what a signal or a failure left undone; nothing after a full stop.
            await self.stop(at_once=True)
            for number in signals:
                loop.remove_signal_handler(number)

    async def stop(self, *, at_once: bool = False) -> None:
        """Drains and stops; `at_once` cancels what runs. Stopping twice is harmless."""
        if self._stopped:
            return
        self.draining.set()
        await self.health.drain()
        if not at_once:
            await self._drain()
        if self._server is not None:
            await self._server.stop(None)
        await self._run_stop_hooks(at_once)
        if self._lag is not None:
            self._lag.cancel()
        await self._admin.stop()
        self._stopped = True
        _log.info("stopped")

    async def _drain(self) -> None:
        settings = self._settings
        await asyncio.sleep(settings.endpoint_seconds)
        end = time.monotonic() + settings.drain_seconds
        await self._run_drain_hooks(end)
        if self._server is None:
            return
        stopping = asyncio.create_task(
            self._server.stop(max(0.0, end - time.monotonic()) + _INTERRUPT_SECONDS)
        )
        self._pipeline.interrupt(self._endless)
        await asyncio.wait({stopping}, timeout=max(0.0, end - time.monotonic()))
        if not stopping.done():
            late = [call.method.path for call in self._pipeline.running]
            _log.warning("calls did not end in time", calls=late)
            self._pipeline.interrupt(lambda _: True)
        await stopping

    def _endless(self, call: ServerCall) -> bool:
        return call.method.infrastructure or call.method.path in self._ends_on_drain

    async def _run_drain_hooks(self, end: float) -> None:
        for hook in self._drain_hooks:
            try:
                async with asyncio.timeout(max(0.0, end - time.monotonic())):
                    await hook()
            except Exception:  # noqa: BLE001 - what one part cannot hand back must not keep the others
                _log.exception("a drain hook failed", hook=_name_of(hook))

    async def _run_stop_hooks(self, at_once: bool) -> None:
        while self._stop_hooks:
            hook = self._stop_hooks.pop()
            try:
                async with asyncio.timeout(_HOOK_SECONDS_WHEN_FORCED if at_once else None):
                    await hook()
            except Exception:  # noqa: BLE001 - as above
                _log.exception("a stop hook failed", hook=_name_of(hook))


async def _until(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Runs `work` to its end (True), or until `event` is set: then it is cancelled (False)."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


def _name_of(hook: Hook) -> str:
    return getattr(hook, "__qualname__", repr(hook))


def _version() -> str:
    try:
        return metadata.version("animathic")
    except metadata.PackageNotFoundError:
        return "unknown"
