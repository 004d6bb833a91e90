"""The artifact store: files by key, in a local directory or in an object store (S3, GCS)."""

import asyncio
import hashlib
import mimetypes
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotFoundError,
    NotSupportedError,
    UnknownConfigurationKeyError,
)
from obstore.store import GCSStore, LocalStore, S3Store

from services.chassis.errors import Code, MeshError

_CHUNK_BYTES = 256 * 1024
# obstore would go on for three minutes: longer than anybody waits for an answer.
_RETRIES: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=10)}
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,200}(?:/[A-Za-z0-9][A-Za-z0-9._=-]{0,200}){0,15}")


@dataclass(frozen=True)
class StoredArtifact:
    """What is stored under a key.

    Attributes:
        key: The key.
        size: Bytes.
        modified: When it was stored, by the store's clock.
        etag: Changes with the content; empty where the store has none.
    """

    key: str
    size: int
    modified: datetime
    etag: str


@dataclass(frozen=True)
class PutResult:
    """What a put did.

    Attributes:
        created: False if the key existed already; then nothing was written.
        size: Bytes of the content given.
        sha256: Its digest, in hexadecimal.
    """

    created: bool
    size: int
    sha256: str


class ArtifactStore:
    """Files by key. What is stored under a key never changes: it is created or deleted."""

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        """Opens the store; the network is not touched before the first use.

        Args:
            url: `file://var/artifacts` (relative), `file:///srv/artifacts`, `s3://bucket/prefix` or
                `gs://bucket/prefix`.
            options: The store's configuration in obstore's names, for example `endpoint`; the usual
                environment variables (`AWS_…`, `GOOGLE_…`) are read for what is missing.

        Raises:
            ValueError: The URL or an option is not understood.
        """
        scheme, _, rest = url.partition("://")
        self._root: Path | None = None
        self._store: LocalStore | S3Store | GCSStore
        given: Any = dict(options or {})
        try:
            if scheme == "file" and rest:
                self._root = Path(rest).resolve()
                self._store = LocalStore(self._root, mkdir=True)
            elif scheme == "s3" and rest:
                self._store = S3Store.from_url(
                    url, config=given or None, client_options=_client(given), retry_config=_RETRIES
                )
            elif scheme == "gs" and rest:
                self._store = GCSStore.from_url(url, config=given or None, retry_config=_RETRIES)
            else:
                raise ValueError("ARTIFACT_STORE_URL begins with file://, s3:// or gs://")
        except (BaseError, UnknownConfigurationKeyError) as error:
            raise ValueError(f"ARTIFACT_STORE_URL cannot be used: {error}") from error

    async def put(self, key: str, content: Path | bytes, content_type: str = "") -> PutResult:
        """Stores a file or bytes under a key that is still free.

        The content appears as a whole or not at all. Where the key exists, nothing is written.

        Args:
            key: The key.
            content: A file, or bytes.
            content_type: The media type; guessed from the key if empty. Local files have none.

        Returns:
            Whether it was written, with size and digest of the content given.

        Raises:
            MeshError: UNAVAILABLE `STORE_UNAVAILABLE`.
            ValueError: The key is not one.
            OSError: The file given cannot be read.
        """
        check_key(key)
        size, sha256 = await asyncio.to_thread(_measure, content)
        kind = content_type or mimetypes.guess_type(key)[0] or "application/octet-stream"
        created = True
        async with _translated(key):
            try:
                await obstore.put_async(
                    self._store,
                    key,
                    content,
                    mode="create",
                    attributes=None if self._root else {"Content-Type": kind},
                )
            except AlreadyExistsError:
                created = False
        if created and self._root is not None:
            # A record that names the file must not outlive it when the machine loses power.
            await asyncio.to_thread(_flush, self._root / key)
        return PutResult(created, size, sha256)

    async def head(self, key: str) -> StoredArtifact:
        """What is stored under a key.

        Raises:
            MeshError: NOT_FOUND `ARTIFACT_NOT_FOUND`, or UNAVAILABLE `STORE_UNAVAILABLE`.
            ValueError: The key is not one.
        """
        check_key(key)
        async with _translated(key):
            return _stored(await obstore.head_async(self._store, key))

    async def read(
        self, key: str, offset: int = 0, limit: int = 0, *, chunk_bytes: int = _CHUNK_BYTES
    ) -> AsyncIterator[bytes]:
        """Reads the bytes of an artifact, in chunks of at most `chunk_bytes`.

        Args:
            key: The key.
            offset: The first byte.
            limit: Largest number of bytes; 0 means to the end. Fewer come where fewer are stored.
            chunk_bytes: Size of a chunk.

        Raises:
            MeshError: NOT_FOUND `ARTIFACT_NOT_FOUND`, OUT_OF_RANGE `RANGE_INVALID` (the offset lies
                behind the end, or a number is negative), UNAVAILABLE `STORE_UNAVAILABLE`.
            ValueError: The key is not one.
        """
        size = (await self.head(key)).size
        if offset < 0 or limit < 0 or offset > size:
            raise MeshError(
                Code.OUT_OF_RANGE,
                "RANGE_INVALID",
                f"The artifact has {size} bytes: begin at one of them.",
                metadata={"size": str(size)},
            )
        end = size if limit == 0 else min(size, offset + limit)
        if end == offset:
            return
        async with _translated(key):
            result = await obstore.get_async(self._store, key, options={"range": (offset, end)})
            async for buffer in result.stream(min_chunk_size=chunk_bytes):
                view = memoryview(buffer)
                for start in range(0, len(view), chunk_bytes):
                    yield bytes(view[start : start + chunk_bytes])

    async def delete(self, key: str) -> None:
        """Removes an artifact; one that is not there is as good as removed.

        Raises:
            MeshError: UNAVAILABLE `STORE_UNAVAILABLE`.
            ValueError: The key is not one.
        """
        check_key(key)
        async with _translated(key):
            try:
                await obstore.delete_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                return

    async def list(self, prefix: str = "") -> AsyncIterator[StoredArtifact]:
        """All artifacts below a folder (`videos` finds `videos/a`, not `videos2/a`), in no order.

        Raises:
            MeshError: UNAVAILABLE `STORE_UNAVAILABLE`.
            ValueError: The prefix is not one.
        """
        folder = prefix.rstrip("/")
        if folder:
            check_key(folder)
        async with _translated(folder):
            async for batch in obstore.list(self._store, folder or None):
                for meta in batch:
                    yield _stored(meta)


def check_key(key: str) -> None:
    """Checks that a key is one: segments of letters, digits and `._=-`, divided by slashes.

    Raises:
        ValueError: It is not.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not an artifact key")


@asynccontextmanager
async def _translated(key: str) -> AsyncIterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise MeshError(
            Code.NOT_FOUND,
            "ARTIFACT_NOT_FOUND",
            "There is no such artifact (any more).",
            metadata={"key": key},
        ) from error
    except (InvalidPathError, NotSupportedError):
        raise
    except BaseError as error:
        raise MeshError(
            Code.UNAVAILABLE,
            "STORE_UNAVAILABLE",
            "The artifact store cannot be used now; retry in a moment.",
            retry_after=2.0,
        ) from error


def _client(options: Mapping[str, Any]) -> Any:
    # A plain-text endpoint is a test or a store inside the mesh; naming it is the consent.
    endpoint = str(options.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL", ""))
    return {"allow_http": True} if endpoint.startswith("http://") else None


def _stored(meta: Any) -> StoredArtifact:
    return StoredArtifact(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or "")


def _measure(content: Path | bytes) -> tuple[int, str]:
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()


def _flush(path: Path) -> None:
    for each in (path, path.parent):
        try:
            descriptor = os.open(each, os.O_RDONLY)
        except FileNotFoundError:
            # Somebody has deleted it already: nothing is left to be kept.
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
