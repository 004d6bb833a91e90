"""Content types, `Accept` and deadline headers of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from services.chassis.errors import Code, FieldViolation, MeshError
from services.gateway.transcoding.json_decode import violations_error
from services.gateway.transcoding.scalars import shorten

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
NDJSON = "application/x-ndjson"

_TIMEOUT = re.compile(r"([0-9]{1,8}(?:\.[0-9]{1,6})?)(ms|s|m|h|H|M|S|u|n)?")
# `grpc-timeout` has its own units, where `m` are milliseconds and `S` seconds.
_GRPC_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_UNITS = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Deadlines:
    """Seconds that a call may take: by default, and at most."""

    default: float
    longest: float


def require_json(headers: Headers) -> None:
    """Checks the content type of a body that is not empty. None at all is taken for JSON.

    Raises:
        MeshError: INVALID_ARGUMENT `CONTENT_TYPE_UNSUPPORTED`.
    """
    given = headers.get("content-type")
    if given is None:
        return
    media_type, _, parameters = given.partition(";")
    media_type = media_type.strip().lower()
    charset = re.search(r'charset\s*=\s*"?([^\s";]+)', parameters, re.IGNORECASE)
    is_json = media_type == JSON or (media_type.startswith("application/") and media_type.endswith("+json"))
    if not is_json or (charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii")):
        raise MeshError(
            Code.INVALID_ARGUMENT,
            "CONTENT_TYPE_UNSUPPORTED",
            f"The content type {shorten(given)} is not understood. Send JSON in UTF-8 with "
            f"'Content-Type: {JSON}'.",
        )


def choose_type(headers: Headers, offered: tuple[str, ...]) -> str:
    """The offered media type that `Accept` prefers; the first where it does not say.

    Raises:
        MeshError: INVALID_ARGUMENT `ACCEPT_UNSUPPORTED`: none of them is acceptable.
    """
    accept = ",".join(headers.getlist("accept")).strip()
    if not accept:
        return offered[0]
    best, best_quality = "", 0.0
    for media_type in offered:
        quality = _quality(accept, media_type)
        if quality > best_quality:
            best, best_quality = media_type, quality
    if not best:
        raise MeshError(
            Code.INVALID_ARGUMENT,
            "ACCEPT_UNSUPPORTED",
            f"This method answers with {' or '.join(offered)}, which 'Accept: {shorten(accept)}' excludes.",
        )
    return best


def read_timeout(headers: Headers, deadlines: Deadlines) -> float:
    """Seconds for the call, from `X-Request-Timeout` (`2.5`, `500ms`, `1m`) or `grpc-timeout`.

    Raises:
        MeshError: INVALID_ARGUMENT `FIELD_INVALID`: the header is not a positive duration.
    """
    for name, units in (("x-request-timeout", _UNITS), ("grpc-timeout", _GRPC_UNITS)):
        text = headers.get(name)
        if text is None:
            continue
        match = _TIMEOUT.fullmatch(text.strip())
        factor = units.get(match[2] or "") if match else None
        seconds = float(match[1]) * factor if match and factor else 0.0
        if seconds <= 0:
            example = "2.5 or 500ms" if name == "x-request-timeout" else "2S or 500m"
            raise violations_error(
                [FieldViolation(name, f"expects a positive duration such as {example}", "TYPE_MISMATCH")]
            )
        return min(seconds, deadlines.longest)
    return min(deadlines.default, deadlines.longest)


def _quality(accept: str, media_type: str) -> float:
    """The quality that an `Accept` header gives a type: that of its most specific range."""
    kind = media_type.partition("/")[0]
    found: dict[int, float] = {}
    for part in accept.split(","):
        pieces = [piece.strip() for piece in part.split(";")]
        specific = {media_type: 2, f"{kind}/*": 1, "*/*": 0}.get(pieces[0].lower())
        if specific is None:
            continue
        weight = next((piece[2:] for piece in pieces[1:] if piece[:2].lower() == "q="), "1")
        quality = float(weight) if re.fullmatch(r"[01](\.[0-9]{0,3})?", weight) else 1.0
        found[specific] = max(found.get(specific, 0.0), quality)
    return found[max(found)] if found else 0.0
