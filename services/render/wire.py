"""What the service, the fork server and its children say to each other. Imports neither Manim nor gRPC.

A message is a JSON object with an optional blob of bytes behind it:

    u32 length of all that follows, u32 length of the JSON, the JSON, the blob          (big endian)
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "MOST_BYTES",
    "Job",
    "Limits",
    "ProtocolError",
    "pack",
    "read_message",
    "receive_message",
    "unpack",
]

_HEAD = struct.Struct("!II")
_SIZE = struct.Struct("!I")
MOST_BYTES = 16 * 1024 * 1024
"""Largest message; a scene is at most a few hundred kilobytes."""


class ProtocolError(Exception):
    """The other side said something that is no message."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use.

    Attributes:
        cpu_seconds: Processor time.
        memory_bytes: Address space.
        file_bytes: The largest file.
        open_files: Descriptors.
    """

    cpu_seconds: int = 600
    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 512 * 1024**2
    open_files: int = 256


@dataclass(frozen=True, slots=True)
class Job:
    """What a child has to do.

    Attributes:
        task: `render`, or `compile`: walk through the scene without painting.
        scene: A serialized `animathic.v1.Scene`, valid.
        options: Serialized `animathic.v1.AnimationOptions`.
        directory: The child's own directory: its home, its temporary files and its results.
        limits: What it may use.
    """

    task: str
    scene: bytes
    options: bytes
    directory: str
    limits: Limits

    def pack(self) -> bytes:
        """As a message."""
        head = {"task": self.task, "directory": self.directory, "limits": asdict(self.limits)}
        return pack(head | {"scene_bytes": len(self.scene)}, self.scene + self.options)

    @classmethod
    def unpack(cls, head: dict[str, Any], blob: bytes) -> Job:
        """From a message.

        Raises:
            ProtocolError: It is no job.
        """
        try:
            split = int(head["scene_bytes"])
            limits = Limits(**head["limits"])
            return cls(str(head["task"]), blob[:split], blob[split:], str(head["directory"]), limits)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"not a job: {error}") from error


def pack(head: dict[str, Any], blob: bytes = b"") -> bytes:
    """A message as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return _HEAD.pack(_SIZE.size + len(text) + len(blob), len(text)) + text + blob


def unpack(body: bytes) -> tuple[dict[str, Any], bytes]:
    """A message from what follows its first length.

    Raises:
        ProtocolError: It is no message.
    """
    try:
        (size,) = _SIZE.unpack_from(body)
        head = json.loads(body[_SIZE.size : _SIZE.size + size])
    except (struct.error, ValueError) as error:
        raise ProtocolError("not a message") from error
    if not isinstance(head, dict):
        raise ProtocolError("not a message")
    return head, body[_SIZE.size + size :]


def receive_message(channel: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Reads a message from a blocking socket; None at the end.

    Raises:
        ProtocolError: It is no message, or breaks off.
    """
    start = _receive(channel, _SIZE.size)
    if not start:
        return None
    (size,) = _SIZE.unpack(start)
    _check(size)
    return unpack(_receive(channel, size))


async def read_message(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    """Reads a message from a stream; None at the end, also where the last message breaks off.

    Raises:
        ProtocolError: It is no message.
    """
    try:
        (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
        _check(size)
        return unpack(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _check(size: int) -> None:
    if not _SIZE.size <= size <= MOST_BYTES:
        raise ProtocolError(f"a message of {size} bytes")


def _receive(channel: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    missing = count
    while missing:
        part = channel.recv(min(missing, 1 << 20))
        if not part:
            if not parts:
                return b""
            raise ProtocolError("the message breaks off")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
