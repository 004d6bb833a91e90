"""Errors where gRPC meets the domain: `MeshError` to a rich status, and a callee's status back."""

import asyncio

import grpc
import structlog
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from services.chassis.calls import Layer, Proceed, ServerCall
from services.chassis.errors import Code, MeshError, default_reason, from_status, to_status
from services.chassis.tracing import current_trace_id

DETAILS_KEY = "grpc-status-details-bin"
"""The trailing metadata that carries a `google.rpc.Status`."""

_CODES: dict[Code, grpc.StatusCode] = {Code(code.value[0]): code for code in grpc.StatusCode}
_OUR_FAULT = {Code.UNKNOWN, Code.INTERNAL, Code.DATA_LOSS}
_log = structlog.get_logger(__name__)

_SENTENCES = {
    Code.UNAVAILABLE: "A service of the mesh cannot be reached; retry in a moment.",
    Code.DEADLINE_EXCEEDED: "A service of the mesh did not answer in time; retry with a longer deadline.",
    Code.CANCELLED: "The call was cancelled.",
    Code.UNIMPLEMENTED: "A service of the mesh does not know this call; its version may be older.",
    Code.RESOURCE_EXHAUSTED: "A service of the mesh refused a call that is too large or one too many.",
}


def grpc_code(code: Code) -> grpc.StatusCode:
    """The code as gRPC's enum."""
    return _CODES[code]


def mesh_error(error: grpc.aio.AioRpcError) -> MeshError:
    """The error that a callee answered with, its details kept.

    Without details (the callee was not reached, or is not ours) the text is our own: gRPC's names
    addresses and belongs into a log, not before a caller.
    """
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            status = status_pb2.Status()
            try:
                status.ParseFromString(value)
                return from_status(status)
            except (DecodeError, ValueError):
                break
    code = Code(error.code().value[0])
    if code is Code.OK:
        code = Code.UNKNOWN
    return MeshError(
        code,
        default_reason(code),
        _SENTENCES.get(code, "A service of the mesh failed; retry, and report it if it stays so."),
        retry_after=1.0 if code is Code.UNAVAILABLE else None,
    )


async def abort(call: ServerCall, error: MeshError) -> None:
    """Ends a call with a rich status.

    Raises:
        grpc.aio.AbortError: Always; it must reach gRPC.
    """
    status = to_status(error)
    await call.abort(grpc_code(error.code), status.message, ((DETAILS_KEY, status.SerializeToString()),))


class ErrorLayer(Layer):
    """Turns what a handler raises into the status that the caller meets."""

    infrastructure = True

    async def around(self, call: ServerCall, proceed: Proceed) -> None:
        """Runs the call; nothing but gRPC's own exceptions and cancellation leaves it."""
        try:
            await proceed()
        except MeshError as error:
            if error.code in _OUR_FAULT:
                _log.exception("call failed", method=call.method.path, reason=error.reason)
            failure = error
        except grpc.aio.AioRpcError as error:
            failure = mesh_error(error)
            _log.warning(
                "a callee failed",
                method=call.method.path,
                code=error.code().name,
                details=error.details(),
                debug=error.debug_error_string(),
            )
        except (grpc.aio.AbortError, grpc.aio.InternalError):
            # The servicer aborted by itself, or the peer is gone: gRPC knows what to do.
            raise
        except asyncio.CancelledError:
            interruption = _interruption(call)
            if interruption is None:
                raise
            failure = interruption
        except Exception:  # noqa: BLE001 - the last line of defence: logged, and its text kept inside
            _log.exception("call failed unexpectedly", method=call.method.path)
            failure = MeshError(
                Code.INTERNAL,
                "INTERNAL",
                "Something went wrong inside; retry, and report the trace id if it stays so.",
                metadata={"trace_id": current_trace_id()},
            )
        else:
            return
        await abort(call, failure)


def _interruption(call: ServerCall) -> MeshError | None:
    """What a cancelled handler means for the caller; None if the caller is gone, or its deadline."""
    task = asyncio.current_task()
    if call.interrupted and task is not None:
        task.uncancel()
        return MeshError(
            Code.UNAVAILABLE, "SHUTTING_DOWN", "The service is shutting down; retry.", retry_after=0.5
        )
    if task is None or task.cancelling():
        raise
    # A task that the handler waited for was cancelled, not the call: its caller still waits.
    _log.error("a part of the call was cancelled", method=call.method.path)
    return MeshError(Code.ABORTED, "CANCELLED", "The work was cancelled inside the service; retry.")
