"""Calls to the services behind the gateway: unary and server streams, always cancelled when abandoned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_status import rpc_status

from services.chassis.errors import to_status
from services.chassis.rpc_errors import mesh_error
from services.gateway.transcoding.methods import Method

Metadata = tuple[tuple[str, str | bytes], ...]

ChannelResolver = Callable[[Method], grpc.aio.Channel]
"""Finds the channel to the service of an rpc, or raises MeshError `SERVICE_NOT_CONFIGURED`."""


@dataclass(frozen=True)
class CallOptions:
    """What goes with a call.

    Attributes:
        metadata: Sent to the service: who calls.
        timeout: Seconds until the deadline.
    """

    metadata: Metadata
    timeout: float


class UpstreamError(Exception):
    """A service answered with an error.

    Attributes:
        status: The whole Status, details of unknown type included.
    """

    def __init__(self, status: status_pb2.Status) -> None:
        self.status = status
        super().__init__(status.message)


def upstream_error(error: grpc.aio.AioRpcError) -> UpstreamError:
    """Takes the rich status of an error; one without details gets a reason, and loses its text."""
    try:
        rich = rpc_status.from_call(error)  # type: ignore[no-untyped-call]
    except ValueError:
        # The trailer disagrees with the code: trust neither.
        rich = None
    return UpstreamError(rich if rich is not None and rich.details else to_status(mesh_error(error)))


class Upstream:
    """Calls rpcs by their descriptors."""

    def __init__(self, channels: ChannelResolver) -> None:
        self._channels = channels

    async def unary(self, method: Method, request: Message, options: CallOptions) -> Message:
        """Calls a unary rpc; cancelling the awaiting task cancels the call.

        Raises:
            UpstreamError: The service answered with an error.
            MeshError: The service is not configured.
        """
        multi_callable = self._channels(method).unary_unary(
            method.grpc_path,
            request_serializer=method.request_class.SerializeToString,
            response_deserializer=method.response_class.FromString,
        )
        call = multi_callable(request, metadata=options.metadata, timeout=options.timeout)
        try:
            response: Message = await call
            return response
        except grpc.aio.AioRpcError as error:
            raise upstream_error(error) from error
        finally:
            call.cancel()

    def stream(self, method: Method, request: Message, options: CallOptions) -> UpstreamStream:
        """Begins a server stream; the caller cancels it when it is done with it.

        Raises:
            MeshError: The service is not configured.
        """
        multi_callable = self._channels(method).unary_stream(
            method.grpc_path,
            request_serializer=method.request_class.SerializeToString,
            response_deserializer=method.response_class.FromString,
        )
        return UpstreamStream(multi_callable(request, metadata=options.metadata, timeout=options.timeout))


class UpstreamStream:
    """A server stream that is being read."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._iterator = call.__aiter__()
        self._reading: asyncio.Task[Message | None] | None = None

    async def wait_first(self, seconds: float) -> None:
        """Waits until the first response or the end, or until the time is over; loses nothing.

        Raises:
            UpstreamError: The stream ended with an error before its first response.
        """
        reading = self._begin()
        done, _ = await asyncio.wait({reading}, timeout=seconds)
        if done and reading.exception() is not None:
            reading.result()

    async def next(self, *until: asyncio.Future[Any]) -> Message | None:
        """The next response; None at the end.

        Args:
            until: Futures that end the wait.

        Raises:
            UpstreamError: The stream ended with an error.
            InterruptedError: One of `until` was done first.
        """
        if not until and self._reading is None:
            return await self._read()
        reading = self._begin()
        await asyncio.wait({reading, *until}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise InterruptedError
        self._reading = None
        return reading.result()

    def cancel(self) -> None:
        """Ends the call, whatever state it is in."""
        if self._reading is not None:
            self._reading.cancel()
        self._call.cancel()

    def _begin(self) -> asyncio.Task[Message | None]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> Message | None:
        try:
            message: Message = await anext(self._iterator)
            return message
        except StopAsyncIteration:
            return None
        except grpc.aio.AioRpcError as error:
            raise upstream_error(error) from error
