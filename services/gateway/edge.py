"""What surrounds every HTTP request: a trace, metrics, security headers, and the few paths of our own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.errors import Code, MeshError
from services.chassis.metrics import Metrics
from services.chassis.tracing import context_from, current_trace_id, tracer
from services.gateway.transcoding.json_encode import to_bytes
from services.gateway.transcoding.problems import error_object, status_of
from services.gateway.transcoding.transcoder import ROUTE_KEY, STREAM_KEY

_HTTP_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Edge:
    """The outermost application."""

    def __init__(
        self,
        transcoder: ASGIApp,
        metrics: Metrics,
        *,
        index: Mapping[str, Any],
        ready: Callable[[], bool],
        head_bytes: int,
        shared: bool = False,
    ) -> None:
        """Surrounds the transcoder.

        Args:
            transcoder: Answers everything but `/` and `/healthz`.
            metrics: Where requests are counted.
            index: What `/` answers.
            ready: What `/healthz` answers.
            head_bytes: Largest request head.
            shared: Whether pages of other origins may read answers (see CORS).
        """
        self._transcoder = transcoder
        self._metrics = metrics
        self._index = to_bytes(index)
        self._ready = ready
        self._head_bytes = head_bytes
        self._headers = _SECURITY_HEADERS[:-1] if shared else _SECURITY_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request in a span, and counts it."""
        method = scope["method"] if scope["method"] in _HTTP_METHODS else "other"
        parent = context_from(Headers(scope=scope).get("traceparent", ""))
        with tracer().start_as_current_span(f"HTTP {method}", context=parent, kind=SpanKind.SERVER) as span:
            answer = _Answer(self, scope, method, send)
            try:
                await self._answer(scope, receive, answer)
            finally:
                answer.close()
                span.update_name(f"{method} {answer.route}")
                span.set_attribute("http.route", answer.route)
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.response.status_code", answer.status)
                if answer.status >= 500:
                    span.set_status(Status(StatusCode.ERROR))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if head + len(scope["query_string"]) + len(scope.get("raw_path") or b"") > self._head_bytes:
            await _send(send, 431, to_bytes(error_object(status_of(_HEAD_TOO_LARGE), 431)))
        elif scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            await _send(send, 200, self._index)
        elif scope["path"] == "/healthz" and scope["method"] in ("GET", "HEAD"):
            ready = self._ready()
            text = b'{"status":"SERVING"}' if ready else b'{"status":"NOT_SERVING"}'
            await _send(send, 200 if ready else 503, text)
        else:
            await self._transcoder(scope, receive, send)

    def begun(self, scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a response whose status is sent."""
        self._metrics.http_requests.labels(route, method, f"{status // 100}xx").inc()
        self._metrics.http_request_seconds.labels(route, method).observe(seconds)
        if scope.get(STREAM_KEY):
            self._metrics.http_streams.labels(scope[STREAM_KEY]).inc()

    def ended(self, scope: Scope) -> None:
        """Counts the end of a stream."""
        if scope.get(STREAM_KEY):
            self._metrics.http_streams.labels(scope[STREAM_KEY]).dec()

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Headers of every answer."""
        return self._headers


_HEAD_TOO_LARGE = MeshError(
    Code.INVALID_ARGUMENT,
    "FIELD_INVALID",
    "The path, query and headers are too large together. Send long values in the body.",
)


class _Answer:
    """A `send` that adds headers and sees the status go out."""

    def __init__(self, edge: Edge, scope: Scope, method: str, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._method = method
        self._send = send
        self._began = time.perf_counter()
        self._trace_id = current_trace_id()
        self.status = 0

    @property
    def route(self) -> str:
        """The matched template: a path that a caller made up is no label."""
        own = self._scope["path"] if self._scope["path"] in ("/", "/healthz") else "unmatched"
        return str(self._scope.get(ROUTE_KEY, own))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            added = [*self._edge.headers, (b"x-trace-id", self._trace_id.encode())]
            message = {**message, "headers": [*message["headers"], *added]}
            elapsed = time.perf_counter() - self._began
            self._edge.begun(self._scope, self._method, self.route, self.status, elapsed)
        await self._send(message)

    def close(self) -> None:
        """The request is over: answered, or the client left without an answer."""
        if not self.status:
            # The client left before there was an answer; nginx's number for that is well known.
            self.status = 499
            self._edge.begun(self._scope, self._method, self.route, 499, time.perf_counter() - self._began)
        self._edge.ended(self._scope)


async def _send(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
