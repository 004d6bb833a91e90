"""How a server handles a call: one pipeline of layers for all four kinds of rpc.

gRPC's own interceptors see a handler, of four kinds and in two styles (coroutine, async generator).
The pipeline brings them to one shape: a layer surrounds the call with code, and is shown each
message that arrives. Streams are always driven in coroutine style, so that a servicer's generator is
closed at once, in its own task, when the call is cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Protocol

import grpc

from services.chassis.errors import Code, MeshError
from services.chassis.identity import Principal
from services.chassis.methods import Method, MethodTable

Proceed = Callable[[], Awaitable[None]]


class ServerCall:
    """A call being served. Servicers get it as their context: it offers all that a context offers.

    Attributes:
        method: What is called.
        kind: `unary`, `client_stream`, `server_stream` or `bidi_stream`.
        principal: Who calls; set by the authentication.
        received: Messages that arrived.
        sent: Messages sent.
        response: The answer of a call that has one.
        outcome: The code that was set or aborted with, if any.
        interrupted: Whether the server ended the call because it stops.
    """

    def __init__(self, method: Method, kind: str, context: Any) -> None:
        self.method = method
        self.kind = kind
        self.principal: Principal | None = None
        self.received = 0
        self.sent = 0
        self.response: Any = None
        self.outcome: grpc.StatusCode | None = None
        self.interrupted = False
        self._context = context
        self._checks: Sequence[Callable[[ServerCall, Any], None]] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def metadata(self, key: str) -> str | None:
        """The first value of a metadata key as text, or None."""
        for name, value in self._context.invocation_metadata() or ():
            if name == key:
                return value if isinstance(value, str) else value.decode("utf-8", "replace")
        return None

    def arrive(self, message: Any) -> None:
        """Counts an arrived message and shows it to the layers.

        Raises:
            MeshError: A layer refuses it.
        """
        self.received += 1
        for check in self._checks:
            check(self, message)

    def watch(self, checks: Sequence[Callable[["ServerCall", Any], None]]) -> None:
        """Sets what is shown each arriving message."""
        self._checks = checks

    async def read(self) -> Any:
        """Reads the next message of a request stream; `grpc.aio.EOF` at its end."""
        message = await self._context.read()
        if message is not grpc.aio.EOF:
            self.arrive(message)
        return message

    async def write(self, message: Any) -> None:
        """Sends a message of a response stream."""
        await self._context.write(message)
        self.sent += 1

    def set_code(self, code: grpc.StatusCode) -> None:
        """Sets the code that the call ends with."""
        self.outcome = code
        self._context.set_code(code)

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> None:
        """Ends the call with an error; servicers raise `MeshError` instead."""
        self.outcome = code
        await self._context.abort(code, details, trailing_metadata)

    async def abort_with_status(self, status: Any) -> None:
        """Ends the call with an error; servicers raise `MeshError` instead."""
        self.outcome = status.code
        await self._context.abort_with_status(status)

    def code_after(self, error: BaseException | None) -> grpc.StatusCode:
        """The code that the caller meets after the handler returned (None) or raised `error`."""
        if self.outcome is not None:
            return self.outcome
        if error is None:
            return grpc.StatusCode.OK
        if isinstance(error, asyncio.CancelledError | grpc.aio.InternalError):
            left = self._context.time_remaining()
            expired = left is not None and left <= 0
            return grpc.StatusCode.DEADLINE_EXCEEDED if expired else grpc.StatusCode.CANCELLED
        return grpc.StatusCode.UNKNOWN


class Layer:
    """Something that happens around every call. Subclasses override what they need."""

    infrastructure = False
    """Whether the layer also surrounds calls of health and reflection."""

    async def around(self, call: ServerCall, proceed: Proceed) -> None:  # noqa: ARG002
        """Surrounds the call; `await proceed()` once does the rest."""
        await proceed()

    def check(self, call: ServerCall, message: Any) -> None:
        """Sees a message that arrived (bytes for handlers that forward).

        Raises:
            MeshError: The message is refused.
        """


class Handler(Protocol):
    """The parts of `grpc.RpcMethodHandler` that are used."""

    request_streaming: bool
    response_streaming: bool
    request_deserializer: Any
    response_serializer: Any
    unary_unary: Any
    unary_stream: Any
    stream_unary: Any
    stream_stream: Any


_KINDS = {
    (False, False): "unary",
    (True, False): "client_stream",
    (False, True): "server_stream",
    (True, True): "bidi_stream",
}


class Pipeline(grpc.aio.ServerInterceptor):
    """The one interceptor: runs every call through the layers, outermost first."""

    def __init__(self, layers: Sequence[Layer], methods: MethodTable) -> None:
        self._methods = methods
        self._layers = tuple(layers)
        self._infrastructure = tuple(layer for layer in layers if layer.infrastructure)
        self._running: dict[asyncio.Task[Any], ServerCall] = {}

    @property
    def running(self) -> Iterable[ServerCall]:
        """The calls that are being handled now."""
        return tuple(self._running.values())

    def interrupt(self, which: Callable[[ServerCall], bool]) -> None:
        """Ends the calls that `which` picks with UNAVAILABLE `SHUTTING_DOWN`."""
        for task, call in list(self._running.items()):
            if which(call) and not call.interrupted:
                call.interrupted = True
                task.cancel()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wraps the handler of a call."""
        method = self._methods.find(handler_call_details.method)
        # A method that no descriptor declares has no access rule: no handler may answer it.
        found = await continuation(handler_call_details) if method.descriptor is not None else None
        handler: Handler = found or _UNKNOWN_METHOD
        kind = _KINDS[handler.request_streaming, handler.response_streaming]
        layers = self._infrastructure if method.infrastructure else self._layers

        async def serve(request: Any, context: Any) -> Any:
            call = ServerCall(method, kind, context)
            call.watch([layer.check for layer in layers if type(layer).check is not Layer.check])
            await self._track(call, layers, _innermost(handler, request, call))
            return call.response

        wrap = {
            "unary": grpc.unary_unary_rpc_method_handler,
            "client_stream": grpc.stream_unary_rpc_method_handler,
            "server_stream": grpc.unary_stream_rpc_method_handler,
            "bidi_stream": grpc.stream_stream_rpc_method_handler,
        }[kind]
        return wrap(serve, handler.request_deserializer, handler.response_serializer)

    async def _track(self, call: ServerCall, layers: Sequence[Layer], innermost: Proceed) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call is served in a task")
        self._running[task] = call
        try:
            await _proceed(layers, 0, call, innermost)
        finally:
            del self._running[task]


async def _proceed(layers: Sequence[Layer], index: int, call: ServerCall, innermost: Proceed) -> None:
    if index == len(layers):
        await innermost()
    else:
        await layers[index].around(call, lambda: _proceed(layers, index + 1, call, innermost))


def _innermost(handler: Handler, request: Any, call: ServerCall) -> Proceed:
    """The servicer's method, driven in coroutine style."""
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

    async def run() -> None:
        if handler.request_streaming:
            result = behaviour(_arriving(request, call), call)
        else:
            call.arrive(request)
            result = behaviour(request, call)
        if not handler.response_streaming:
            call.response = await result
            call.sent += 1
        elif hasattr(result, "__aiter__"):
            await _send_all(result, call)
        else:
            await result

    return run


async def _arriving(requests: AsyncIterator[Any], call: ServerCall) -> AsyncIterator[Any]:
    async for request in requests:
        call.arrive(request)
        yield request


async def _send_all(responses: Any, call: ServerCall) -> None:
    if not hasattr(responses, "aclose"):
        async for response in responses:
            await call.write(response)
        return
    async with aclosing(responses):
        async for response in responses:
            await call.write(response)


async def _no_such_method(_request: Any, _call: Any) -> None:
    raise MeshError(
        Code.UNIMPLEMENTED,
        "ROUTE_NOT_FOUND",
        "There is no such method here; check its name, and the version of the service.",
    )


_UNKNOWN_METHOD: Handler = grpc.stream_stream_rpc_method_handler(_no_such_method)
