"""Byte ranges and conditional requests of HTTP (RFC 9110), without any I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(
    r"bytes[ \t]*=[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*", re.IGNORECASE
)
_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


@dataclass(frozen=True)
class ByteRange:
    """What a `Range` header asks for.

    Attributes:
        first: Offset of the first byte, or None for a suffix.
        last: Offset of the last byte, None for "to the end".
        suffix: Number of bytes at the end; set where `first` is None.
    """

    first: int | None
    last: int | None = None
    suffix: int = 0


@dataclass(frozen=True)
class Span:
    """Bytes of a file: `length` from `offset`."""

    offset: int
    length: int

    def content_range(self, size: int) -> str:
        """The header of a 206."""
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{size}"


def parse_range(header: str | None) -> ByteRange | None:
    """Reads a `Range` header.

    Several ranges, other units and malformed values are answered as if there were no header, which the
    standard allows.
    """
    match = _ONE_RANGE.fullmatch(header) if header else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        return ByteRange(None, suffix=int(suffix))
    if last is not None and int(last) < int(first):
        return None
    return ByteRange(int(first), int(last) if last is not None else None)


def resolve(wanted: ByteRange, size: int) -> Span | None:
    """The bytes of a file of `size` bytes that a range means; None where it cannot be satisfied."""
    if wanted.first is None:
        length = min(wanted.suffix, size)
        return Span(size - length, length) if length else None
    if wanted.first >= size:
        return None
    last = size - 1 if wanted.last is None else min(wanted.last, size - 1)
    return Span(wanted.first, last - wanted.first + 1)


def none_match(header: str | None, etag: str) -> bool:
    """Whether `If-None-Match` says that the caller has this file already.

    Args:
        header: The header's value.
        etag: The strong entity tag with its quotes.
    """
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(f'"{match[1]}"' == etag for match in _ENTITY_TAG.findall(header))


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether `Range` is to be honoured: no `If-Range`, or one that names this very file.

    A date never matches, because files have no modification time here.
    """
    return if_range is None or if_range.strip() == etag
