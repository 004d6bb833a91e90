"""Downloads that resume, verify what they read, and never leave half a file behind."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Protocol

import grpc

from animathic.client.calls import Caller
from animathic.client.errors import AnimathicError
from animathic.v1 import animation_service_pb2, artifact_pb2

__all__ = ["Downloaded", "Writer", "download", "download_to_file"]

DownloadStream = (
    grpc.aio.UnaryStreamCall[animation_service_pb2.DownloadVideoRequest, artifact_pb2.DownloadResponse]
    | grpc.aio.UnaryStreamCall[animation_service_pb2.DownloadPreviewRequest, artifact_pb2.DownloadResponse]
)


class Writer(Protocol):
    """What bytes can be written to: an open binary file, or `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Takes the next bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was downloaded and verified.

    Attributes:
        sha256: SHA-256 of the bytes, lower-case hexadecimal.
        size_bytes: How many there were.
        content_type: Media type.
    """

    sha256: str
    size_bytes: int
    content_type: str


async def download(
    open_stream: Callable[[int], DownloadStream], caller: Caller, writer: Writer
) -> Downloaded:
    """Writes a file's bytes and verifies them; goes on where it was after a broken connection.

    Args:
        open_stream: Opens a stream that starts at an offset.
        caller: Types errors and spaces the tries.
        writer: Takes the bytes, in order. What it has got is verified only when this returns.

    Raises:
        AnimathicError: The download failed for good; `DOWNLOAD_CORRUPT` if the bytes are not those promised.
    """
    digest = hashlib.sha256()
    artifact: artifact_pb2.ArtifactRef | None = None
    offset = 0
    async for attempt in caller.tries():
        with attempt:
            stream = open_stream(offset)
            try:
                async for response in stream:
                    if response.HasField("artifact"):
                        if artifact is not None and artifact.sha256 != response.artifact.sha256:
                            raise _corrupt("the file changed while it was read: download it again")
                        artifact = response.artifact
                    if response.data:
                        await asyncio.to_thread(writer.write, response.data)
                        digest.update(response.data)
                        offset += len(response.data)
            except grpc.aio.AioRpcError as error:
                raise caller.typed(error) from error
            finally:
                stream.cancel()
    if artifact is None:
        raise _corrupt("the stream did not say what it holds")
    if offset != artifact.size_bytes or digest.hexdigest() != artifact.sha256:
        raise _corrupt(
            f"{offset} bytes with SHA-256 {digest.hexdigest()[:12]}… came, but {artifact.size_bytes} "
            f"bytes with {artifact.sha256[:12]}… were promised: download again"
        )
    return Downloaded(artifact.sha256, artifact.size_bytes, artifact.content_type)


async def download_to_file(
    open_stream: Callable[[int], DownloadStream], caller: Caller, path: Path
) -> Downloaded:
    """Downloads to a file that appears only when it is whole and verified.

    Args:
        open_stream: Opens a stream that starts at an offset.
        caller: Types errors and spaces the tries.
        path: The file; an old one is replaced.

    Raises:
        AnimathicError: The download failed; `FILE_NOT_WRITABLE` if the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        file = await asyncio.to_thread(part.open, "xb")
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        with file:
            result = await download(open_stream, caller, file)
            await asyncio.to_thread(_sync, file)
        await asyncio.to_thread(part.replace, path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return result


def _sync(file: BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())


def _corrupt(message: str) -> AnimathicError:
    return AnimathicError(grpc.StatusCode.DATA_LOSS, "DOWNLOAD_CORRUPT", message)


def _not_writable(path: Path, error: OSError) -> AnimathicError:
    return AnimathicError(
        grpc.StatusCode.FAILED_PRECONDITION,
        "FILE_NOT_WRITABLE",
        f"cannot write {path}: {(error.strerror or str(error)).lower()}; "
        "name a file in a directory that exists",
    )
