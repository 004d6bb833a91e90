"""The one error of the domain, and its form on the wire (`google.rpc.Status`).

Domain code raises `MeshError`; it knows nothing of gRPC. The server turns it into a rich status, and
a caller turns that back into the same `MeshError` (`rpc_errors.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "animathic.dev"
"""The domain of every `ErrorInfo` of the mesh."""

# A status travels in HTTP/2 trailers, which peers cap (at 8 KiB in many proxies): the details in
# base64, and the message once more, its bytes percent-encoded.
_MAX_STATUS_BYTES = 4096
_MAX_MESSAGE_BYTES = 600
_MAX_DESCRIPTION_BYTES = 300
_MAX_METADATA_BYTES = 200
_MAX_METADATA_ENTRIES = 8
_MAX_QUOTAS = 4
_OMITTED = "violations_omitted"


class Code(IntEnum):
    """The canonical codes of `google.rpc.Code`."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


@dataclass(frozen=True)
class FieldViolation:
    """One field of a request that breaks its rule.

    Attributes:
        field: The path of the field, for example `animation.prompt` or `scene.items[2].text`.
        description: What is wrong and what to change.
        reason: A constant for programs, for example `STRING_PATTERN`; may be empty.
    """

    field: str
    description: str
    reason: str = ""


class MeshError(Exception):
    """An error that a caller meets.

    Attributes:
        code: The canonical code.
        reason: The name in `animathic.v1.Reason` without `REASON_`.
        message: One sentence with advice, fit to be shown to a caller.
        violations: The fields that break their rules.
        retry_after: Seconds after which a retry makes sense, or None.
        metadata: Further facts for programs; neither secrets nor personal data.
        quota: Pairs of subject and description of the limits that were met.
    """

    def __init__(
        self,
        code: Code,
        reason: str,
        message: str,
        *,
        violations: Sequence[FieldViolation] = (),
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
        quota: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Builds the error.

        Raises:
            ValueError: `code` is OK, which is not an error.
        """
        if code is Code.OK:
            raise ValueError("OK is not an error")
        super().__init__(code, reason, message)
        self.code = code
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.quota = tuple(quota)

    def __str__(self) -> str:
        return f"{self.code.name} {self.reason}: {self.message}"


def to_status(error: MeshError) -> status_pb2.Status:
    """Packs an error into a rich status of at most about 4 KiB.

    What does not fit is shortened; violations that had to go are counted in the metadata
    `violations_omitted`.
    """
    violations = list(error.violations)
    while True:
        omitted = len(error.violations) - len(violations)
        status = _pack(error, violations, omitted)
        if status.ByteSize() <= _MAX_STATUS_BYTES or not violations:
            return status
        # Halving ends after a few rounds, however many violations there are.
        violations = violations[: len(violations) // 2]


def _pack(error: MeshError, violations: Sequence[FieldViolation], omitted: int) -> status_pb2.Status:
    metadata = {
        _short(key, _MAX_METADATA_BYTES): _short(value, _MAX_METADATA_BYTES)
        for key, value in list(error.metadata.items())[:_MAX_METADATA_ENTRIES]
    }
    if omitted:
        metadata[_OMITTED] = str(omitted)
    details: list[message.Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    ]
    if violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=_short(v.field, _MAX_METADATA_BYTES),
                        description=_short(v.description, _MAX_DESCRIPTION_BYTES),
                        reason=v.reason,
                    )
                    for v in violations
                ]
            )
        )
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(max(0, round(error.retry_after * 1e9)))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    if error.quota:
        details.append(
            error_details_pb2.QuotaFailure(
                violations=[
                    error_details_pb2.QuotaFailure.Violation(
                        subject=_short(subject, _MAX_METADATA_BYTES),
                        description=_short(description, _MAX_DESCRIPTION_BYTES),
                    )
                    for subject, description in error.quota[:_MAX_QUOTAS]
                ]
            )
        )
    status = status_pb2.Status(code=int(error.code), message=_short(error.message, _MAX_MESSAGE_BYTES))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def from_status(status: status_pb2.Status) -> MeshError:
    """Reads an error back from a rich status.

    A status without `ErrorInfo` gets the reason that `default_reason` knows for its code.

    Raises:
        ValueError: The status says OK.
    """
    code = Code(status.code) if status.code in Code._value2member_map_ else Code.UNKNOWN
    reason, metadata = "", dict[str, str]()
    violations: list[FieldViolation] = []
    retry_after: float | None = None
    quota: list[tuple[str, str]] = []
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        exhausted = error_details_pb2.QuotaFailure()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad_request):
            violations += [
                FieldViolation(v.field, v.description, v.reason) for v in bad_request.field_violations
            ]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToNanoseconds() / 1e9
        elif detail.Unpack(exhausted):
            quota += [(v.subject, v.description) for v in exhausted.violations]
    return MeshError(
        code,
        reason or default_reason(code),
        status.message,
        violations=violations,
        retry_after=retry_after,
        metadata=metadata,
        quota=quota,
    )


def default_reason(code: Code) -> str:
    """The reason of an error that came without one."""
    return _DEFAULT_REASONS.get(code, "INTERNAL")


_DEFAULT_REASONS = {
    Code.CANCELLED: "CANCELLED",
    Code.INVALID_ARGUMENT: "FIELD_INVALID",
    Code.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    Code.PERMISSION_DENIED: "SCOPE_MISSING",
    Code.UNAUTHENTICATED: "CREDENTIALS_INVALID",
    Code.OUT_OF_RANGE: "RANGE_INVALID",
    Code.RESOURCE_EXHAUSTED: "QUEUE_FULL",
    Code.UNIMPLEMENTED: "NOT_IMPLEMENTED",
    Code.UNAVAILABLE: "UPSTREAM_UNAVAILABLE",
}


def _short(text: str, limit: int) -> str:
    """`text` in at most `limit` bytes, and as what protobuf can hold."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 3].decode("utf-8", "ignore") + "…"
