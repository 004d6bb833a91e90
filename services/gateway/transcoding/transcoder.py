"""The HTTP side of the gateway: an ASGI application that turns requests into calls of rpcs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.rpc import status_pb2
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from services.chassis.errors import Code, FieldViolation, MeshError
from services.gateway.transcoding.deliver import StreamPrinter, send_events, send_lines
from services.gateway.transcoding.download import Downloads, TruncatedError
from services.gateway.transcoding.fields import descriptor_of
from services.gateway.transcoding.http_body import ClientGoneError, LateBodyError, read_body, until_gone
from services.gateway.transcoding.json_decode import JsonDecoder, parse_json, violations_error
from services.gateway.transcoding.json_encode import message_to_json, to_bytes
from services.gateway.transcoding.methods import Method
from services.gateway.transcoding.negotiation import (
    EVENT_STREAM,
    JSON,
    NDJSON,
    Deadlines,
    choose_type,
    read_timeout,
    require_json,
)
from services.gateway.transcoding.problems import error_headers, error_object, http_status, status_of
from services.gateway.transcoding.query import apply_query
from services.gateway.transcoding.routes import (
    Match,
    MethodNotAllowedError,
    RouteNotFoundError,
    RouteTable,
)
from services.gateway.transcoding.scalars import ScalarError, shorten
from services.gateway.transcoding.template import EscapeError
from services.gateway.transcoding.upstream import (
    CallOptions,
    ChannelResolver,
    Metadata,
    Upstream,
    UpstreamError,
    UpstreamStream,
)

ROUTE_KEY = "animathic.route"
"""Where the matched template is left in the ASGI scope, for metrics and logs."""

STREAM_KEY = "animathic.stream"
"""Where the kind of a stream is left: `events`, `lines` or `download`."""

# Work on longer texts goes to a thread, so that one large body does not hold up everybody's calls.
_LARGE = 32 * 1024
_LONGEST_PATH = 8 * 1024

_log = structlog.get_logger(__name__)


class Doorkeeper(Protocol):
    """Decides who may call, and what is said about them to the service."""

    async def admit(self, headers: Headers, method: Method) -> Metadata:
        """Metadata for the call, naming the caller.

        Raises:
            MeshError: UNAUTHENTICATED or PERMISSION_DENIED.
        """


@dataclass(frozen=True)
class Limits:
    """What a request may take.

    Attributes:
        body_bytes: Largest body.
        body_seconds: Longest time for a body to arrive.
        unary: Deadlines of unary calls.
        stream: Deadlines of streams.
        heartbeat_seconds: Silence after which an event stream sends a comment.
        first_message_seconds: How long a stream's HTTP status waits for the first response, so that an
            error that comes at once still has a status of its own.
    """

    body_bytes: int = 1024 * 1024
    body_seconds: float = 30
    unary: Deadlines = field(default_factory=lambda: Deadlines(30, 120))
    stream: Deadlines = field(default_factory=lambda: Deadlines(3600, 3600))
    heartbeat_seconds: int = 15
    first_message_seconds: float = 1


class Transcoder:
    """Serves the HTTP bindings of a set of rpcs."""

    def __init__(
        self,
        methods: Iterable[Method],
        pool: DescriptorPool,
        channels: ChannelResolver,
        doorkeeper: Doorkeeper,
        limits: Limits,
    ) -> None:
        """Builds the routes.

        Raises:
            TemplateError: A binding is malformed or clashes with another.
        """
        self.routes = RouteTable(method for method in methods if not method.client_streaming)
        self._pool = pool
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._decoder = JsonDecoder(pool)
        self._upstream = Upstream(channels)
        self._downloads = Downloads(self._upstream)
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Ends all event streams; their clients connect again elsewhere."""
        self._draining.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        started = _Started(send)
        try:
            await self._serve(scope, receive, started)
        except ClientGoneError:
            return
        except MeshError as error:
            await _send_error(started, status_of(error), error)
        except UpstreamError as error:
            await _send_error(started, error.status, error)
        except TruncatedError as error:
            # The status line is out: only a broken connection tells the client that bytes are missing.
            _log.warning("download broke off", route=scope.get(ROUTE_KEY, ""), error=str(error))
            raise
        except Exception as error:  # noqa: BLE001 - the edge answers every defect with a 500
            _log.exception("request failed unexpectedly", route=scope.get(ROUTE_KEY, ""))
            failure = MeshError(
                Code.INTERNAL, "INTERNAL", "Something went wrong inside. Retry; report it if it stays so."
            )
            await _send_error(started, status_of(failure), error)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        http_method = scope["method"]
        match = self._match(scope, http_method)
        route, method = match.route, match.route.method
        scope[ROUTE_KEY] = route.template.source
        metadata = await self._doorkeeper.admit(headers, method)
        offered = _offered(match)
        media_type = choose_type(headers, offered) if offered else ""
        deadlines = self._limits.stream if method.server_streaming else self._limits.unary
        options = CallOptions(metadata, read_timeout(headers, deadlines))
        body = await read_body(receive, headers, self._limits.body_bytes, self._limits.body_seconds)
        if len(body) > _LARGE:
            request = await run_in_threadpool(self._request, match, headers, scope["query_string"], body)
        else:
            request = self._request(match, headers, scope["query_string"], body)
        if method.download is not None:
            scope[STREAM_KEY] = "download"
            await self._downloads.serve(match, request, options, headers, http_method, receive, send)
        elif method.server_streaming:
            await self._stream(match, request, options, media_type, scope, receive, send)
        else:
            response = await until_gone(receive, self._upstream.unary(method, request, options))
            await _send_body(send, 200, await self._print(response, route.response_body), {})

    def _match(self, scope: Scope, http_method: str) -> Match:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw_path.decode("latin-1")
        try:
            if len(path) > _LONGEST_PATH:
                raise RouteNotFoundError
            return self.routes.match(http_method, path)
        except EscapeError as error:
            raise violations_error([FieldViolation("(path)", str(error), "BAD_ESCAPE")]) from None
        except MethodNotAllowedError as error:
            allowed = ", ".join(error.allowed)
            raise MeshError(
                Code.UNIMPLEMENTED,
                "METHOD_NOT_ALLOWED",
                f"{shorten(path)} does not take {shorten(http_method)}. Use {allowed}.",
                metadata={"allow": allowed},
            ) from None
        except RouteNotFoundError:
            raise MeshError(
                Code.NOT_FOUND,
                "ROUTE_NOT_FOUND",
                f"There is nothing at {shorten(path)}. The API guide lists all paths.",
            ) from None

    def _request(self, match: Match, headers: Headers, query: bytes, body: bytes) -> Message:
        """Builds the request message: body first, then query, then path, the later the stronger."""
        route = match.route
        message = route.method.request_class()
        if body:
            self._apply_body(match, headers, message, body)
        elif route.body not in ("", "*"):
            raise MeshError(
                Code.INVALID_ARGUMENT,
                "BODY_INVALID",
                f"The body is empty. Send the JSON of the field '{route.body}'.",
                violations=[FieldViolation(route.body, "is the JSON body, which is empty", "REQUIRED")],
            )
        apply_query(route, message, query)
        for name, text in match.variables.items():
            try:
                route.path_fields[name].set_text(message, [text])
            except ScalarError as error:
                raise violations_error([FieldViolation(name, str(error), "TYPE_MISMATCH")]) from None
        return message

    def _apply_body(self, match: Match, headers: Headers, message: Message, body: bytes) -> None:
        route = match.route
        if not route.body:
            raise MeshError(Code.INVALID_ARGUMENT, "BODY_INVALID", "This method takes no body. Send none.")
        require_json(headers)
        value = parse_json(body)
        if route.body == "*":
            if not isinstance(value, dict):
                raise MeshError(
                    Code.INVALID_ARGUMENT,
                    "BODY_INVALID",
                    f"The body must be a JSON object with the fields of {message.DESCRIPTOR.name}.",
                )
            self._decoder.fill(message, value)
        else:
            self._decoder.fill_field(message, descriptor_of(message).fields_by_name[route.body], value)

    async def _stream(
        self,
        match: Match,
        request: Message,
        options: CallOptions,
        media_type: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if scope["method"] == "HEAD":
            await _send_body(send, 200, b"", {"content-type": media_type})
            return
        _apply_last_event(request, Headers(scope=scope))
        stream: UpstreamStream = self._upstream.stream(match.route.method, request, options)
        printer = StreamPrinter(self._pool, match.route.response_body)
        try:
            await until_gone(receive, stream.wait_first(self._limits.first_message_seconds))
            scope[STREAM_KEY] = "events" if media_type == EVENT_STREAM else "lines"
            if media_type == EVENT_STREAM:
                heartbeat = self._limits.heartbeat_seconds
                await send_events(stream, printer, self._draining, heartbeat, scope, receive, send)
            else:
                await send_lines(stream, printer, self._draining, receive, send)
        finally:
            stream.cancel()

    async def _print(self, message: Message, response_body: str) -> bytes:
        if message.ByteSize() > _LARGE:
            return await run_in_threadpool(message_to_json, message, self._pool, response_body=response_body)
        return message_to_json(message, self._pool, response_body=response_body)


class _Started:
    """A `send` that remembers whether the response has begun: then no error can be sent any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Any) -> None:
        self.begun = True
        await self._send(message)


async def _send_error(send: _Started, status: status_pb2.Status, error: BaseException) -> None:
    if send.begun:
        raise error
    http = http_status(status)
    headers = error_headers(status)
    if isinstance(error, MeshError):
        if "allow" in error.metadata and http == 405:
            headers["allow"] = error.metadata["allow"]
        if isinstance(error, LateBodyError):
            http = 408
        if error.reason == "BODY_TOO_LARGE" or isinstance(error, LateBodyError):
            # The rest of the body is not read: the connection cannot carry another request.
            headers["connection"] = "close"
    await _send_body(send, http, to_bytes(error_object(status, http)), headers)


async def _send_body(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    every = {"content-type": JSON, "cache-control": "no-store", "content-length": str(len(body))} | headers
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in every.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _offered(match: Match) -> tuple[str, ...]:
    method = match.route.method
    if method.download is not None:
        return ()
    return (EVENT_STREAM, NDJSON) if method.server_streaming else (JSON,)


def _apply_last_event(request: Message, headers: Headers) -> None:
    """Goes on where a browser's EventSource broke off: it sends the id of the last event it saw.

    Applies to requests with an int64 field `after_revision` that the caller left unset; event ids are
    revisions (see `deliver.revision_of`).
    """
    target = descriptor_of(request).fields_by_name.get("after_revision")
    last = headers.get("last-event-id", "")
    if target is None or target.type != target.TYPE_INT64 or getattr(request, target.name):
        return
    if last.isascii() and last.isdecimal() and len(last) <= 18:
        setattr(request, target.name, int(last))
