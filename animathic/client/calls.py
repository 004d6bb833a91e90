"""One call to the mesh: errors typed, retried while the mesh is unavailable."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

import grpc
import stamina

from animathic.client.config import ClientConfig
from animathic.client.errors import AnimathicError

__all__ = ["Caller", "open_channel"]

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")

# Retries are made in one place, here. What gRPC does on its own are only retries of calls that never left.
_CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 3_000),
    # A scene of the largest size, with room to spare.
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.primary_user_agent", "animathic-client"),
)


def open_channel(config: ClientConfig) -> grpc.aio.Channel:
    """Opens a channel to the gateway's gRPC entry; it connects when it is first used."""
    if not config.tls:
        return grpc.aio.insecure_channel(config.target, options=_CHANNEL_OPTIONS)
    roots = config.ca_file.read_bytes() if config.ca_file else None
    credentials = grpc.ssl_channel_credentials(root_certificates=roots)
    return grpc.aio.secure_channel(config.target, credentials, options=_CHANNEL_OPTIONS)


class Caller:
    """Makes calls with the caller's key, a deadline, and retries while the mesh is unavailable."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        return (("x-api-key", self._config.api_key),) if self._config.api_key else ()

    def typed(self, error: grpc.aio.AioRpcError) -> AnimathicError:
        """The client's error for what grpc raised."""
        return AnimathicError.from_rpc(error, target=self._config.target)

    def tries(self) -> AsyncIterator[stamina.Attempt]:
        """Tries of one piece of work, as many as the configuration allows, with growing pauses."""
        return stamina.retry_context(
            on=_pause,
            attempts=self._config.attempts,
            timeout=self._config.patience,
            wait_initial=self._config.wait_initial,
            wait_max=self._config.wait_max,
            wait_jitter=self._config.wait_initial,
        ).__aiter__()

    async def call(
        self, method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response], request: _Request
    ) -> _Response:
        """Makes a call, again while the mesh is unavailable.

        Args:
            method: The stub's method.
            request: Its request; it must be safe to repeat.

        Raises:
            AnimathicError: The call failed for good.
        """
        async for attempt in self.tries():
            with attempt:
                try:
                    return await method(request, timeout=self._config.timeout, metadata=self.metadata)
                except grpc.aio.AioRpcError as error:
                    raise self.typed(error) from error
        raise AssertionError("stamina ends by a return or by the last error")


def _pause(error: Exception) -> bool | float:
    """Whether to try again: yes while the mesh is unavailable, after the pause that it asks for."""
    if not isinstance(error, AnimathicError) or not error.retryable:
        return False
    return True if error.retry_after is None else error.retry_after
