"""The one error type of the client: everything a caller needs to act, without knowing gRPC's details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

__all__ = ["AnimathicError", "FieldViolation", "unreachable"]

_STATUS_DETAILS = "grpc-status-details-bin"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of the request that breaks its rule.

    Attributes:
        field: Path of the field, for example `animation.prompt`.
        description: What is wrong and what to write instead.
        reason: Stable name of the rule; may be empty.
    """

    field: str
    description: str
    reason: str = ""


class AnimathicError(Exception):
    """A call failed, or an animation ended without a video.

    Attributes:
        code: The gRPC status code.
        reason: The stable reason, a value of `animathic.v1.Reason` without its prefix, or one of the client's
            own: `GATEWAY_UNREACHABLE`, `DOWNLOAD_CORRUPT`, `FILE_NOT_WRITABLE`, or the code's name where the
            other side gave none.
        message: One sentence for people, with what to do.
        violations: The fields at fault.
        retry_after: Seconds after which a retry makes sense; none where the server does not say.
        metadata: More about it, by name.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        violations: Sequence[FieldViolation] = (),
        retry_after: float | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.metadata = dict(metadata or {})

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return self.code is grpc.StatusCode.UNAVAILABLE

    @classmethod
    def from_status(cls, status: status_pb2.Status) -> AnimathicError:
        """Reads the details of a `google.rpc.Status`.

        Args:
            status: The status, of a failed call or of a failed animation.
        """
        code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
        reason, metadata, retry_after = code.name, {}, None
        violations: list[FieldViolation] = []
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        retry_info = error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(info):
                reason, metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(bad_request):
                violations += [
                    FieldViolation(each.field, each.description, each.reason)
                    for each in bad_request.field_violations
                ]
            elif detail.Unpack(retry_info):
                retry_after = retry_info.retry_delay.ToTimedelta().total_seconds()
        message = status.message or f"the call failed with {code.name}"
        return cls(code, reason, message, violations=violations, retry_after=retry_after, metadata=metadata)

    @classmethod
    def from_rpc(cls, error: grpc.aio.AioRpcError, *, target: str = "") -> AnimathicError:
        """Reads the error of a failed call.

        Args:
            error: What grpc raised.
            target: Where the call went, for the message of a gateway that cannot be reached.
        """
        for key, value in error.trailing_metadata() or ():
            if key == _STATUS_DETAILS and isinstance(value, bytes):
                status = status_pb2.Status()
                try:
                    status.ParseFromString(value)
                except DecodeError:
                    break
                return cls.from_status(status)
        code = error.code()
        details = error.details() or ""
        if code is grpc.StatusCode.UNAVAILABLE:
            return unreachable(target or "the target", details)
        return cls(code, code.name, details or f"the call failed with {code.name}")

    def as_dict(self) -> dict[str, object]:
        """The error as JSON-ready data, with empty parts left out."""
        parts: dict[str, object] = {
            "code": self.code.name,
            "reason": self.reason,
            "message": self.message,
            "field_violations": [
                {"field": each.field, "description": each.description, "reason": each.reason}
                for each in self.violations
            ],
            "retry_after_seconds": self.retry_after,
            "metadata": self.metadata,
        }
        return {key: value for key, value in parts.items() if value not in (None, [], {})}


def unreachable(target: str, details: str = "") -> AnimathicError:
    """The error for a gateway that does not answer."""
    more = f" ({details})" if details else ""
    return AnimathicError(
        grpc.StatusCode.UNAVAILABLE,
        "GATEWAY_UNREACHABLE",
        f"no gateway answers at {target}: start the mesh with `make up`, "
        f"or set ANIMATHIC_TARGET to its gRPC entry{more}",
    )
