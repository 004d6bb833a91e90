"""Errors as HTTP answers: `google.rpc.Status` in JSON, in the form that Google's REST APIs use."""

from __future__ import annotations

import math
from typing import Any

from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.chassis.errors import MeshError, to_status
from services.gateway.transcoding.json_encode import status_to_dict, to_bytes

_HTTP_OF_CODE: dict[int, int] = {
    code_pb2.OK: 200,
    code_pb2.CANCELLED: 499,
    code_pb2.UNKNOWN: 500,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500,
    code_pb2.UNAUTHENTICATED: 401,
}
# Mistakes of HTTP itself have statuses of their own, finer than the canonical codes.
_HTTP_OF_REASON = {
    "BODY_TOO_LARGE": 413,
    "METHOD_NOT_ALLOWED": 405,
    "CONTENT_TYPE_UNSUPPORTED": 415,
    "ACCEPT_UNSUPPORTED": 406,
    "RANGE_INVALID": 416,
}


def http_status(status: status_pb2.Status) -> int:
    """The HTTP status for a Status."""
    return _HTTP_OF_REASON.get(reason_of(status), _HTTP_OF_CODE.get(status.code, 500))


def reason_of(status: status_pb2.Status) -> str:
    """`ErrorInfo.reason`, or empty."""
    info = error_details_pb2.ErrorInfo()
    return info.reason if _find(status, info) else ""


def error_object(status: status_pb2.Status, http: int | None = None) -> dict[str, Any]:
    """`{"error": {"code", "message", "status", "details"}}`; `code` is the HTTP status."""
    names = code_pb2.Code.DESCRIPTOR.values_by_number
    return {
        "error": {
            "code": http if http is not None else http_status(status),
            "message": status.message,
            "status": names[status.code].name if status.code in names else "UNKNOWN",
            "details": status_to_dict(status),
        }
    }


def error_json(status: status_pb2.Status) -> bytes:
    """The same as JSON text, for an event or a line of a stream."""
    return to_bytes(error_object(status))


def error_headers(status: status_pb2.Status) -> dict[str, str]:
    """Headers that go with an error: `Retry-After` and `WWW-Authenticate` where they apply."""
    headers = {"cache-control": "no-store"}
    retry = error_details_pb2.RetryInfo()
    if _find(status, retry):
        seconds = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        headers["retry-after"] = str(max(1, math.ceil(seconds)))
    if status.code == code_pb2.UNAUTHENTICATED:
        headers["www-authenticate"] = 'Bearer realm="animathic"'
    return headers


def status_of(error: MeshError) -> status_pb2.Status:
    """The Status of an error that the gateway itself raised."""
    return to_status(error)


def _find(status: status_pb2.Status, into: Any) -> bool:
    for detail in status.details:
        try:
            if detail.Unpack(into):
                return True
        except DecodeError:
            continue
    return False
