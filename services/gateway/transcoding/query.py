"""Query parameters to request fields: those that neither the path nor the body takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from google.protobuf.message import Message

from services.chassis.errors import FieldViolation
from services.gateway.transcoding.fields import FieldPath, descriptor_of, resolve_field_path
from services.gateway.transcoding.json_decode import MOST_VIOLATIONS, violations_error
from services.gateway.transcoding.routes import Route
from services.gateway.transcoding.scalars import ScalarError, shorten, suggestion

MOST_PARAMETERS = 200
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def apply_query(route: Route, message: Message, query: bytes) -> None:
    """Sets fields of the request from a query string.

    Keys are dotted paths of proto or JSON names; a repeated field takes several. Fields that the path
    binds may be repeated in the query, but the path is set afterwards and wins.

    Raises:
        MeshError: INVALID_ARGUMENT `FIELD_INVALID`: a key names no field that a query can set, a value
            does not fit, an escape is malformed, or there are more than `MOST_PARAMETERS`.
    """
    if not query:
        return
    violations: list[FieldViolation] = []
    values: dict[str, tuple[FieldPath, list[str]]] = {}
    for position, (raw_key, raw_value) in enumerate(_pairs(query.decode("latin-1"))):
        if position >= MOST_PARAMETERS:
            violations.append(
                FieldViolation("(query)", f"has more than {MOST_PARAMETERS} parameters", "TOO_MANY")
            )
            break
        if len(violations) >= MOST_VIOLATIONS:
            break
        try:
            key, value = _decode(raw_key), _decode(raw_value)
        except ScalarError as error:
            violations.append(FieldViolation(shorten(raw_key) or "(query)", str(error), "BAD_ESCAPE"))
            continue
        path = resolve_field_path(descriptor_of(message), key)
        problem = _refusal(route, key, path)
        if path is None or problem:
            violations.append(FieldViolation(shorten(key), problem, "UNKNOWN_FIELD"))
            continue
        values.setdefault(path.name, (path, []))[1].append(value)
    for name, (path, texts) in values.items():
        if len(violations) >= MOST_VIOLATIONS:
            break
        try:
            path.set_text(message, texts)
        except ScalarError as error:
            violations.append(FieldViolation(name, str(error), "TYPE_MISMATCH"))
    if violations:
        raise violations_error(violations)


def query_fields(route: Route) -> list[str]:
    """Dotted JSON names of the top-level fields that a query can set, for advice and documents."""
    if route.body == "*":
        return []
    download = route.method.download
    hidden = {*route.path_fields, route.body}
    if download is not None:
        hidden |= {download.offset, download.limit}
    return [
        field.json_name
        for field in descriptor_of(route.method.request_class).fields
        if field.name not in hidden
    ]


def _refusal(route: Route, key: str, path: FieldPath | None) -> str:
    """Why a key cannot be set by the query; empty where it can."""
    if path is None:
        return f"is not a query parameter of this method{suggestion(key, query_fields(route))}"
    if path.name in route.path_fields:
        return ""
    if route.body == "*" or path.fields[0].name == route.body:
        return "travels in the JSON body, not in the query"
    download = route.method.download
    if download is not None and path.name in (download.offset, download.limit):
        return "is set by the Range header: send 'Range: bytes=FIRST-LAST'"
    kind = path.leaf.message_type
    if kind is not None and not path.holds_text:
        if kind.GetOptions().map_entry:
            return "is a map, which a query cannot hold"
        fields = [f"{key}.{field.json_name}" for field in kind.fields]
        return f"is an object; set its fields one by one{suggestion('', fields)}"
    return ""


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&"):
        if part:
            key, _, value = part.partition("=")
            yield key, value


def _decode(text: str) -> str:
    spaced = text.replace("+", " ")
    if "%" not in spaced and spaced.isascii():
        return spaced
    if _MALFORMED_ESCAPE.search(spaced):
        raise ScalarError("has a '%' without two hexadecimal digits; write a literal '%' as '%25'")
    try:
        return unquote_to_bytes(spaced.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise ScalarError("is not UTF-8 after percent-decoding") from None
