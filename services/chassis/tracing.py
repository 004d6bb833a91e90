"""Traces: spans around calls, and trace contexts that survive a queue.

Spans always exist, so that logs have trace ids; they are exported only when
`OTEL_EXPORTER_OTLP_ENDPOINT` is set.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.chassis.calls import Layer, Proceed, ServerCall

_PROPAGATOR = TraceContextTextMapPropagator()
_SERVER_FAULTS = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}


def configure_tracing(name: str, *, endpoint: str | None = None) -> TracerProvider:
    """Sets the process up for traces of the service `name`.

    Args:
        name: The service.
        endpoint: The OTLP endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT`); None or empty exports nothing.

    Returns:
        The provider; call `shutdown()` on it at the end to send what is buffered.
    """
    provider = TracerProvider(resource=Resource.create({"service.name": f"animathic-{name}"}))
    if endpoint:
        # Imported on demand: it starts a thread and pulls a second gRPC stack in.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https")))
        )
    trace.set_tracer_provider(provider)
    return provider


def tracer() -> trace.Tracer:
    """The tracer of the mesh."""
    return trace.get_tracer("animathic")


def current_trace_id() -> str:
    """The current trace id, 32 hexadecimal digits; empty outside of a trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def current_traceparent() -> str:
    """The current trace context as a W3C `traceparent`, to be stored; empty outside of a trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def context_from(traceparent: str) -> otel_context.Context:
    """The trace context of a stored `traceparent`; an empty one where that says nothing."""
    return _PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {}, otel_context.Context())


@contextmanager
def span(
    name: str, *, traceparent: str | None = None, attributes: Mapping[str, Any] | None = None
) -> Iterator[Span]:
    """A span around a piece of work.

    Args:
        name: What is done, in low cardinality.
        traceparent: A stored trace context to go on from; None continues the current one.
        attributes: Facts about it; no prompts.
    """
    parent = None if traceparent is None else context_from(traceparent)
    with tracer().start_as_current_span(name, context=parent, attributes=attributes) as started:
        yield started


class TraceLayer(Layer):
    """A server span around each call, child of the caller's."""

    async def around(self, call: ServerCall, proceed: Proceed) -> None:
        """Runs the call in its span."""
        parent = context_from(call.metadata("traceparent") or "")
        with tracer().start_as_current_span(
            call.method.path.removeprefix("/") if call.method.descriptor else "unknown",
            context=parent,
            kind=SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": call.method.service,
                "rpc.method": call.method.name,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as current:
            error: BaseException | None = None
            try:
                await proceed()
            except BaseException as raised:
                error = raised
                raise
            finally:
                code = call.code_after(error)
                current.set_attribute("rpc.grpc.status_code", code.value[0])
                if code.name in _SERVER_FAULTS:
                    current.set_status(Status(StatusCode.ERROR, code.name))
