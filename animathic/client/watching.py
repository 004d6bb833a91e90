"""Watching an animation across broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import grpc

from animathic.client.calls import Caller
from animathic.v1 import animation_pb2, animation_service_pb2

__all__ = ["has_ended", "watch"]

WatchStream = grpc.aio.UnaryStreamCall[
    animation_service_pb2.WatchAnimationRequest, animation_service_pb2.WatchAnimationResponse
]
_ENDED = frozenset(
    {
        animation_pb2.ANIMATION_STATE_SUCCEEDED,
        animation_pb2.ANIMATION_STATE_FAILED,
        animation_pb2.ANIMATION_STATE_CANCELLED,
    }
)
# A stream that lived this long, seconds, and then broke is no failed try: it was only quiet.
_QUIET = 5.0


def has_ended(animation: animation_pb2.Animation) -> bool:
    """Whether the animation is in a final state."""
    return animation.state in _ENDED


async def watch(
    open_stream: Callable[[int], WatchStream], caller: Caller, *, after_revision: int = 0
) -> AsyncIterator[animation_pb2.Animation]:
    """Yields snapshots until the animation has ended, from the last one seen after a broken connection.

    Args:
        open_stream: Opens a stream of what is newer than a revision.
        caller: Types errors and spaces the tries.
        after_revision: Yield only what is newer than this.

    Yields:
        The animation, each time newer than before; the last one has ended.

    Raises:
        AnimathicError: The watch failed for good.
    """
    revision = after_revision
    while True:
        opened = await _open(open_stream, caller, revision)
        if opened is None:
            continue
        stream, response = opened
        try:
            while isinstance(response, animation_service_pb2.WatchAnimationResponse):
                animation = response.animation
                if animation.revision > revision or revision == after_revision == 0:
                    revision = animation.revision
                    yield animation
                if has_ended(animation):
                    return
                response = await stream.read()
            if revision == after_revision:
                return  # nothing newer will come: it had ended before
        except grpc.aio.AioRpcError as error:
            if not _broken(error):
                raise caller.typed(error) from error
        finally:
            stream.cancel()


async def _open(
    open_stream: Callable[[int], WatchStream], caller: Caller, revision: int
) -> tuple[WatchStream, object] | None:
    """A stream with its first message; none where a quiet stream broke and a new one is due."""
    loop = asyncio.get_running_loop()
    async for attempt in caller.tries():
        with attempt:
            started = loop.time()
            stream = open_stream(revision)
            try:
                return stream, await stream.read()
            except grpc.aio.AioRpcError as error:
                stream.cancel()
                if _broken(error) and loop.time() - started > _QUIET:
                    return None
                raise caller.typed(error) from error
            except asyncio.CancelledError:
                stream.cancel()
                raise
    raise AssertionError("stamina ends by a return or by the last error")


def _broken(error: grpc.aio.AioRpcError) -> bool:
    """Whether the stream broke for a reason that a new stream mends."""
    return error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
