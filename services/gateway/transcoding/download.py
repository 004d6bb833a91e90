"""Download streams over HTTP: one file with `ETag`, `Range`, conditional requests and `HEAD`."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from google.rpc import code_pb2
from starlette.datastructures import Headers
from starlette.types import Receive, Send

from services.chassis.errors import Code, MeshError
from services.gateway.transcoding.deliver import send_chunks
from services.gateway.transcoding.http_body import until_gone
from services.gateway.transcoding.json_encode import to_bytes
from services.gateway.transcoding.methods import DownloadFields
from services.gateway.transcoding.problems import error_object, status_of
from services.gateway.transcoding.ranges import (
    ByteRange,
    Span,
    none_match,
    parse_range,
    range_applies,
    resolve,
)
from services.gateway.transcoding.routes import Match
from services.gateway.transcoding.upstream import CallOptions, Upstream, UpstreamError, UpstreamStream

_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class TruncatedError(Exception):
    """The service sent fewer or more bytes than it announced: the response cannot be completed."""


@dataclass(frozen=True)
class _Opened:
    """An open stream whose first response has been read.

    Attributes:
        stream: The rest of the stream.
        artifact: What is being read.
        data: Bytes that came with the first response.
    """

    stream: UpstreamStream
    artifact: Any
    data: bytes

    @property
    def etag(self) -> str:
        return f'"{self.artifact.sha256}"'

    @property
    def size(self) -> int:
        return int(self.artifact.size_bytes)


class Downloads:
    """Serves rpcs that carry the download option."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def serve(
        self,
        match: Match,
        request: Message,
        options: CallOptions,
        headers: Headers,
        http_method: str,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answers one request.

        Raises:
            UpstreamError: The service refused before the first byte.
            MeshError: The range lies outside the file, or the service breaks the download contract.
            ClientGoneError: The client left first.
            TruncatedError: The service broke off; the connection must be closed without an end.
        """
        work = _Download(self._upstream, match, request, options, headers, http_method)
        await until_gone(receive, work.answer(send))


class _Download:
    """One request for a file."""

    def __init__(
        self,
        upstream: Upstream,
        match: Match,
        request: Message,
        options: CallOptions,
        headers: Headers,
        http_method: str,
    ) -> None:
        download = match.route.method.download
        if download is None:
            raise ValueError(f"{match.route.method.full_name} is no download")
        self._upstream = upstream
        self._match = match
        self._request = request
        self._options = options
        self._headers = headers
        self._head = http_method == "HEAD"
        self._fields: DownloadFields = download
        self._streams: list[UpstreamStream] = []

    async def answer(self, send: Send) -> None:
        try:
            await self._answer(send)
        finally:
            for stream in self._streams:
                stream.cancel()

    async def _answer(self, send: Send) -> None:
        wanted = None if self._head else parse_range(self._headers.get("range"))
        try:
            opened = await self._open(self._first_guess(wanted))
        except UpstreamError as error:
            if wanted is None or error.status.code != code_pb2.OUT_OF_RANGE:
                raise
            opened = await self._open(Span(0, 1))
            if resolve(wanted, opened.size) is not None:
                raise
        if none_match(self._headers.get("if-none-match"), opened.etag):
            await _send_empty(send, 304, self._common_headers(opened))
            return
        if wanted is not None and not range_applies(self._headers.get("if-range"), opened.etag):
            wanted = None
        headers = self._common_headers(opened) | {
            "content-type": opened.artifact.content_type or "application/octet-stream",
            "content-disposition": f'inline; filename="{self._file_name(opened)}"',
        }
        if self._head:
            await _send_empty(send, 200, headers | {"content-length": str(opened.size)})
            return
        status, span = 200, Span(0, opened.size)
        if wanted is not None:
            resolved = resolve(wanted, opened.size)
            if resolved is None:
                await self._refuse_range(send, opened)
                return
            status, span = 206, resolved
            headers["content-range"] = span.content_range(opened.size)
        if span.length and not self._is_open_for(span, opened):
            reopened = await self._open(span)
            if reopened.etag != opened.etag:
                raise MeshError(Code.ABORTED, "ETAG_MISMATCH", "The file has just changed. Read it again.")
            opened = reopened
        headers["content-length"] = str(span.length)
        await send_chunks(send, status, headers, _exactly(span.length, opened))

    def _first_guess(self, wanted: ByteRange | None) -> Span:
        """What to open before the size is known; one byte where only the description is needed."""
        if self._head or (wanted is not None and (wanted.first is None or self._headers.get("if-range"))):
            return Span(0, 1)
        if wanted is None or wanted.first is None:
            return Span(0, 0)
        return Span(wanted.first, 0 if wanted.last is None else wanted.last - wanted.first + 1)

    def _is_open_for(self, span: Span, opened: _Opened) -> bool:
        offset = getattr(self._request, self._fields.offset)
        limit = getattr(self._request, self._fields.limit)
        reach = opened.size - offset if limit == 0 else min(limit, opened.size - offset)
        return bool(opened.stream is self._streams[-1] and offset == span.offset and reach == span.length)

    async def _open(self, span: Span) -> _Opened:
        """Opens the stream at a span (length 0: to the end) and reads its first response."""
        setattr(self._request, self._fields.offset, span.offset)
        setattr(self._request, self._fields.limit, span.length)
        for stream in self._streams:
            stream.cancel()
        stream = self._upstream.stream(self._match.route.method, self._request, self._options)
        self._streams.append(stream)
        first: Any = await stream.next()
        if first is None or not first.HasField("artifact"):
            raise MeshError(
                Code.INTERNAL, "INTERNAL", "The file was not described. Retry; report it if it stays."
            )
        return _Opened(stream, first.artifact, first.data)

    async def _refuse_range(self, send: Send, opened: _Opened) -> None:
        error = MeshError(
            Code.OUT_OF_RANGE,
            "RANGE_INVALID",
            f"The range lies outside of the file, which has {opened.size} bytes.",
        )
        body = to_bytes(error_object(status_of(error)))
        headers = self._common_headers(opened) | {
            "content-range": f"bytes */{opened.size}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        await send_chunks(send, 416, headers, _one(body))

    def _common_headers(self, opened: _Opened) -> dict[str, str]:
        return {"etag": opened.etag, "accept-ranges": "bytes", "cache-control": "private, no-cache"}

    def _file_name(self, opened: _Opened) -> str:
        """The resource's id with the file's extension: the key's name would mean nothing to a person."""
        named = next(iter(self._match.variables.values()), "") or opened.artifact.key
        stem = _UNSAFE_IN_NAME.sub("-", named.rpartition("/")[2]).strip(".-") or "download"
        key_suffix = re.search(r"\.[A-Za-z0-9]{1,8}$", opened.artifact.key)
        guessed = mimetypes.guess_extension(opened.artifact.content_type) or ""
        return stem[:100] + (key_suffix[0] if key_suffix else guessed)


async def _exactly(length: int, opened: _Opened) -> AsyncIterator[bytes]:
    """The bytes of an open stream, exactly `length` of them.

    Raises:
        TruncatedError: The stream holds fewer or more, or breaks.
    """
    sent = 0
    chunk = opened.data
    while True:
        sent += len(chunk)
        if sent > length:
            raise TruncatedError(f"{sent} bytes came where {length} were announced")
        if chunk:
            yield chunk
        if sent == length:
            return
        try:
            message: Any = await opened.stream.next()
        except UpstreamError as error:
            raise TruncatedError(f"broke off after {sent} of {length} bytes: {error}") from error
        if message is None:
            raise TruncatedError(f"ended after {sent} of {length} bytes")
        chunk = message.data


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


async def _send_empty(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
