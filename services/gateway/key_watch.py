"""Keeps the key ring as the key file says, while the process runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from services.gateway.api_keys import KeyFile, KeyFileError, KeyRing, Version, parse_keys, read_version

_log = structlog.get_logger(__name__)


class KeyWatch:
    """Reads the key file when it has changed. A file that cannot be used changes nothing."""

    def __init__(self, path: Path | None, ring: KeyRing, *, every_seconds: float = 1.0) -> None:
        """Takes the file (None: no keys at all) and the ring to fill."""
        self._path = path
        self._ring = ring
        self._every = every_seconds
        self._seen: Version | None = None
        self._missing_reported = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads the file and goes on watching it.

        Raises:
            KeyFileError: The file is there, but cannot be used: a gateway does not start without its keys.
        """
        if self._path is None:
            return
        await self._load(self._path)
        self._task = asyncio.create_task(self._watch(self._path), name="key-watch")

    async def stop(self) -> None:
        """Ends the watch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, path: Path) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._load(path)
            except KeyFileError as error:
                _log.error(
                    "the key file cannot be used; the keys read before stay in force", problem=str(error)
                )

    async def _load(self, path: Path) -> None:
        version, found = await asyncio.to_thread(_read_if_changed, path, self._seen)
        if version is None and self._seen is not None and not self._missing_reported:
            self._missing_reported = True
            raise KeyFileError("is gone")
        if version is None or version == self._seen:
            return
        self._seen, self._missing_reported = version, False
        if isinstance(found, KeyFileError):
            raise found
        if found is not None:
            self._ring.replace(found)
            _log.info("keys read", keys=len(self._ring))


def _read_if_changed(
    path: Path, seen: Version | None
) -> tuple[Version | None, KeyFile | KeyFileError | None]:
    """The file's state and, where it differs from `seen`, its keys or what is wrong with them."""
    try:
        # The state is taken before the text: a change in between is seen again at the next look.
        version = read_version(path)
        if version is None or version == seen:
            return version, None
        return version, parse_keys(path.read_bytes())
    except KeyFileError as error:
        return version, error
    except OSError as error:
        return Version(0, 0, 0), KeyFileError(f"cannot be read: {error.strerror}")
