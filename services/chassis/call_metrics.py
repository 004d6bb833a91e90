"""RED metrics of served calls: rate, errors, duration, under the names of go-grpc-prometheus."""

import time
from collections.abc import Iterable

import grpc

from services.chassis.calls import Layer, Proceed, ServerCall
from services.chassis.methods import Method
from services.chassis.metrics import Metrics


def go_name(code: grpc.StatusCode) -> str:
    """The code as the label `grpc_code` spells it: `OK`, `NotFound`, `Canceled`."""
    if code is grpc.StatusCode.OK:
        return "OK"
    if code is grpc.StatusCode.CANCELLED:
        return "Canceled"
    return "".join(word.capitalize() for word in code.name.split("_"))


def call_kind(method: Method) -> str:
    """The label `grpc_type` of a declared method."""
    if method.descriptor is None:
        return "bidi_stream"
    streams = (method.descriptor.client_streaming, method.descriptor.server_streaming)
    kinds = {(True, True): "bidi_stream", (True, False): "client_stream", (False, True): "server_stream"}
    return kinds.get(streams, "unary")


class MetricsLayer(Layer):
    """Counts and times every call."""

    infrastructure = True

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def prepare(self, methods: Iterable[Method]) -> None:
        """Creates the series of all methods at 0, so that the first error is an increase."""
        for method in methods:
            labels = (call_kind(method), method.service, method.name)
            self._metrics.grpc_server_started.labels(*labels)
            self._metrics.grpc_server_handling_seconds.labels(*labels)
            for code in grpc.StatusCode:
                self._metrics.grpc_server_handled.labels(*labels, go_name(code))

    async def around(self, call: ServerCall, proceed: Proceed) -> None:
        """Runs the call and counts it, however it ends."""
        metrics = self._metrics
        labels = (call.kind, call.method.service, call.method.name)
        metrics.grpc_server_started.labels(*labels).inc()
        in_flight = metrics.grpc_server_in_flight.labels(*labels)
        in_flight.inc()
        began = time.perf_counter()
        error: BaseException | None = None
        try:
            await proceed()
        except BaseException as raised:
            error = raised
            raise
        finally:
            in_flight.dec()
            metrics.grpc_server_handling_seconds.labels(*labels).observe(time.perf_counter() - began)
            metrics.grpc_server_handled.labels(*labels, go_name(call.code_after(error))).inc()
            metrics.grpc_server_msg_received.labels(*labels).inc(call.received)
            metrics.grpc_server_msg_sent.labels(*labels).inc(call.sent)
