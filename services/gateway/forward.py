"""The gRPC entry: forwards the bytes of every rpc, of all four kinds, without reading them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import grpc
import grpc.aio

from services.chassis.calls import ServerCall
from services.chassis.deadlines import remaining
from services.chassis.errors import Code
from services.chassis.identity import Principal
from services.chassis.rpc_errors import DETAILS_KEY, grpc_code
from services.gateway.transcoding.methods import Method
from services.gateway.transcoding.negotiation import Deadlines
from services.gateway.transcoding.upstream import ChannelResolver, Metadata, upstream_error


class ForwardingHandlers(grpc.GenericRpcHandler):
    """Handlers for the methods of the contracts.

    Internal methods have handlers too: the access check refuses them with a reason before a handler runs.
    """

    def __init__(
        self,
        methods: Iterable[Method],
        channels: ChannelResolver,
        metadata_for: Callable[[Principal], Metadata],
        unary: Deadlines,
        stream: Deadlines,
    ) -> None:
        """Builds one handler per method.

        Args:
            methods: All methods of the contracts.
            channels: Finds the service of a method.
            metadata_for: Signs the caller for the service.
            unary: Deadlines of unary calls.
            stream: Deadlines of streams.
        """
        self._handlers = {
            method.grpc_path: _handler(
                _Forwarder(method, channels, metadata_for, stream if _streams(method) else unary)
            )
            for method in methods
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call; None for a method that no contract declares."""
        return self._handlers.get(handler_call_details.method)


class _Forwarder:
    """Forwards the calls of one method."""

    def __init__(
        self,
        method: Method,
        channels: ChannelResolver,
        metadata_for: Callable[[Principal], Metadata],
        deadlines: Deadlines,
    ) -> None:
        self.method = method
        self._channels = channels
        self._metadata_for = metadata_for
        self._deadlines = deadlines

    async def answer_one(self, requests: Any, call: ServerCall) -> bytes:
        """Forwards a call with one response; `requests` is bytes or an iterator of them."""
        channel = self._channels(self.method)
        dial = channel.stream_unary if self.method.client_streaming else channel.unary_unary
        upstream: Any = dial(self.method.grpc_path)(requests, **self._options(call))
        try:
            response: bytes = await upstream
            return response
        except grpc.aio.AioRpcError as error:
            await _abort(call, error)
            raise
        finally:
            upstream.cancel()

    async def answer_many(self, requests: Any, call: ServerCall) -> AsyncIterator[bytes]:
        """Forwards a call with a stream of responses."""
        channel = self._channels(self.method)
        dial = channel.stream_stream if self.method.client_streaming else channel.unary_stream
        upstream: Any = dial(self.method.grpc_path)(requests, **self._options(call))
        try:
            async for response in upstream:
                yield response
        except grpc.aio.AioRpcError as error:
            await _abort(call, error)
        finally:
            upstream.cancel()

    def _options(self, call: ServerCall) -> dict[str, Any]:
        if call.principal is None:
            raise RuntimeError("the access check lets nobody through without a principal")
        asked = call.time_remaining()
        timeout = self._deadlines.default if asked is None else min(asked, self._deadlines.longest)
        left = remaining()
        return {
            "metadata": self._metadata_for(call.principal),
            "timeout": timeout if left is None else min(timeout, left),
        }


def _handler(forwarder: _Forwarder) -> Any:
    method = forwarder.method
    if method.client_streaming and method.server_streaming:
        return grpc.stream_stream_rpc_method_handler(forwarder.answer_many)
    if method.client_streaming:
        return grpc.stream_unary_rpc_method_handler(forwarder.answer_one)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(forwarder.answer_many)
    return grpc.unary_unary_rpc_method_handler(forwarder.answer_one)


def _streams(method: Method) -> bool:
    return method.client_streaming or method.server_streaming


async def _abort(call: ServerCall, error: grpc.aio.AioRpcError) -> None:
    """Ends the call as the service ended it, with all details.

    Raises:
        grpc.aio.AbortError: Always.
    """
    status = upstream_error(error).status
    details = ((DETAILS_KEY, status.SerializeToString()),)
    await call.abort(grpc_code(Code(status.code)), status.message, details)
