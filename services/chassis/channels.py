"""Client channels between services: identity, trace, deadline and retries on every call.

`MeshChannel` wraps a `grpc.aio.Channel` instead of using client interceptors: the caller gets gRPC's
own call objects, with their cancellation and streaming, and forwarded bytes need nothing special.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from services.chassis.call_metrics import go_name
from services.chassis.deadlines import remaining
from services.chassis.identity import PRINCIPAL_KEY, IdentitySigner, Principal
from services.chassis.methods import MethodTable
from services.chassis.metrics import Metrics
from services.chassis.tracing import current_traceparent, tracer

NEVER_RETRIED = (
    "/animathic.v1.ModelAdapterService/GenerateScene",
    "/animathic.v1.RenderService/RenderScene",
)
"""Methods that cost money or minutes: the router repeats them by its own rules, gRPC never does."""

_METADATA_BYTES = 32 * 1024
_CallMetadata = Iterable[tuple[str, str | bytes]]


def as_principal(
    signer: IdentitySigner, principal: Principal, *, ttl: float = 60
) -> tuple[tuple[str, str], ...]:
    """Metadata for a call on behalf of `principal`: `stub.Method(request, metadata=as_principal(…))`."""
    return ((PRINCIPAL_KEY, signer.token(principal, ttl=ttl)),)


def service_config(
    never_retried: Sequence[str] = NEVER_RETRIED,
    *,
    retries: bool = True,
    health_service: str | None = "",
) -> str:
    """The service config of a channel, as JSON.

    Args:
        never_retried: Paths of methods without retries.
        retries: False retries nothing at all.
        health_service: The name whose health decides whether a replica is picked (empty: the
            process); None picks replicas without asking.
    """
    retry = {
        "maxAttempts": 4,
        "initialBackoff": "0.1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    excluded = [
        dict(zip(("service", "method"), path.removeprefix("/").split("/"), strict=True))
        for path in never_retried
    ]
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if retries:
        # The entry that names a method wins over the one that names none.
        everything, never = {"name": [{}], "retryPolicy": retry}, {"name": excluded}
        config["methodConfig"] = [everything, never] if excluded else [everything]
        config["retryThrottling"] = {"maxTokens": 20, "tokenRatio": 0.2}
    if health_service is not None:
        config["healthCheckConfig"] = {"serviceName": health_service}
    return json.dumps(config)


def open_channel(
    target: str,
    *,
    signer: IdentitySigner,
    metrics: Metrics | None = None,
    default_deadline: float = 30,
    deadlines: Mapping[str, float] | None = None,
    never_retried: Sequence[str] = NEVER_RETRIED,
    retries: bool = True,
    health_service: str | None = "",
    max_message_bytes: int = 8 * 1024 * 1024,
    credentials: grpc.ChannelCredentials | None = None,
) -> "MeshChannel":
    """Opens a channel to a service of the mesh; call it on the event loop.

    Args:
        target: `host:port` or any gRPC target; `dns:///name:port` resolves to all replicas.
        signer: Signs the service's own principal for calls that bring none.
        metrics: Where calls are counted; None counts nothing.
        default_deadline: Seconds for calls that set no timeout.
        deadlines: The same by method path.
        never_retried: Paths of methods without retries.
        retries: False retries nothing: for a gateway, whose clients decide.
        health_service: Whose health decides which replica is picked; None asks nobody.
        max_message_bytes: Largest message.
        credentials: TLS (`tls.channel_credentials(settings)`); None is plain text.
    """
    options: list[tuple[str, Any]] = [
        (
            "grpc.service_config",
            service_config(never_retried, retries=retries, health_service=health_service),
        ),
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.enable_retries", int(retries)),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 500),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.dns_min_time_between_resolutions_ms", 2_000),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.max_metadata_size", _METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", 2 * _METADATA_BYTES),
    ]
    if credentials is None:
        channel = grpc.aio.insecure_channel(target, options=options)
    else:
        channel = grpc.aio.secure_channel(target, credentials, options=options)
    return MeshChannel(channel, signer, metrics, default_deadline, deadlines or {})


class MeshChannel(grpc.aio.Channel):
    """A channel whose calls carry principal, trace and deadline."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        signer: IdentitySigner,
        metrics: Metrics | None,
        default_deadline: float,
        deadlines: Mapping[str, float],
    ) -> None:
        self._channel = channel
        self._signer = signer
        self._metrics = metrics
        self._default_deadline = default_deadline
        self._deadlines = dict(deadlines)
        self._methods = MethodTable()

    def _callable(self, kind: str, path: str, inner: Any) -> Any:
        return _MeshCallable(self, kind, path, inner)

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As of `grpc.aio.Channel`."""
        return self._callable("unary", method, self._channel.unary_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As of `grpc.aio.Channel`."""
        return self._callable("server_stream", method, self._channel.unary_stream(method, *args, **kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As of `grpc.aio.Channel`."""
        return self._callable("client_stream", method, self._channel.stream_unary(method, *args, **kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As of `grpc.aio.Channel`."""
        return self._callable("bidi_stream", method, self._channel.stream_stream(method, *args, **kwargs))

    async def close(self, grace: float | None = None) -> None:
        """Closes the channel; calls in flight get `grace` seconds."""
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """As of `grpc.aio.Channel`."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """As of `grpc.aio.Channel`."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """As of `grpc.aio.Channel`."""
        await self._channel.channel_ready()

    async def __aenter__(self) -> "MeshChannel":
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def timeout_for(self, path: str, timeout: float | None) -> float:
        """The timeout of a call in seconds: what the caller says or the default, within what is left."""
        wanted = self._deadlines.get(path, self._default_deadline) if timeout is None else timeout
        left = remaining()
        return wanted if left is None else min(wanted, left)

    def metadata_for(self, metadata: _CallMetadata | None) -> tuple[tuple[str, str | bytes], ...]:
        """The metadata of a call: the caller's, with principal and trace where it brings none."""
        given = tuple(metadata or ())
        names = {name for name, _ in given}
        added: list[tuple[str, str | bytes]] = []
        if PRINCIPAL_KEY not in names:
            added.append((PRINCIPAL_KEY, self._signer.own_token()))
        if "traceparent" not in names and (traceparent := current_traceparent()):
            added.append(("traceparent", traceparent))
        return (*given, *added)

    def observe(self, kind: str, path: str, span: trace.Span) -> Callable[[Any], None]:
        """Counts a call that starts; returns what is to be told when it has ended."""
        method = self._methods.find(path)
        labels = (kind, method.service, method.name)
        began = time.perf_counter()
        if self._metrics is not None:
            self._metrics.grpc_client_started.labels(*labels).inc()

        def finish(code: grpc.StatusCode) -> None:
            span.set_attribute("rpc.grpc.status_code", code.value[0])
            if code is not grpc.StatusCode.OK:
                span.set_status(Status(StatusCode.ERROR, code.name))
            span.end()
            if self._metrics is not None:
                self._metrics.grpc_client_handling_seconds.labels(*labels).observe(
                    time.perf_counter() - began
                )
                self._metrics.grpc_client_handled.labels(*labels, go_name(code)).inc()

        return finish


class _MeshCallable:
    """A multi-callable of a `MeshChannel`."""

    def __init__(self, channel: MeshChannel, kind: str, path: str, inner: Any) -> None:
        self._channel = channel
        self._kind = kind
        self._path = path
        self._inner = inner
        self._finishing: set[asyncio.Task[None]] = set()

    def __call__(
        self,
        *requests: Any,
        timeout: float | None = None,
        metadata: _CallMetadata | None = None,
        **options: Any,
    ) -> Any:
        span = tracer().start_span(self._path.removeprefix("/"), kind=SpanKind.CLIENT)
        finish = self._channel.observe(self._kind, self._path, span)
        try:
            with trace.use_span(span, end_on_exit=False):
                call = self._inner(
                    *requests,
                    timeout=self._channel.timeout_for(self._path, timeout),
                    metadata=self._channel.metadata_for(metadata),
                    **options,
                )
        except Exception:
            # The channel is closed, or a message cannot be serialised: no call, and no code of its own.
            finish(grpc.StatusCode.UNKNOWN)
            raise

        async def end() -> None:
            finish(await call.code())

        def done(_: Any) -> None:
            task = asyncio.ensure_future(end())
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)

        call.add_done_callback(done)
        return call
