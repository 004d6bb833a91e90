"""Exit codes of the command."""

from __future__ import annotations

from enum import IntEnum

import grpc

from animathic.client import AnimathicError

__all__ = ["ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """What a script can tell from how the command ended. Stable; docs/quickstart.md lists them."""

    OK = 0
    FAILED = 1
    """The animation ended without a video, or the mesh has a defect."""
    USAGE = 2
    """The command line is wrong."""
    INVALID = 3
    """The request is wrong: prompt, option, scene or file."""
    CREDENTIALS = 4
    """The API key is missing, unknown, or does not allow it."""
    NOT_FOUND = 5
    """There is no such thing, or it belongs to somebody else."""
    UNAVAILABLE = 6
    """Not now: no answer, a full queue, a limit. The same command may work later."""
    INTERRUPTED = 130
    """Ctrl-C; the animation was cancelled."""


_BY_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: ExitCode.INVALID,
    grpc.StatusCode.FAILED_PRECONDITION: ExitCode.INVALID,
    grpc.StatusCode.OUT_OF_RANGE: ExitCode.INVALID,
    grpc.StatusCode.ALREADY_EXISTS: ExitCode.INVALID,
    grpc.StatusCode.UNAUTHENTICATED: ExitCode.CREDENTIALS,
    grpc.StatusCode.PERMISSION_DENIED: ExitCode.CREDENTIALS,
    grpc.StatusCode.NOT_FOUND: ExitCode.NOT_FOUND,
    grpc.StatusCode.UNAVAILABLE: ExitCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ExitCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: ExitCode.UNAVAILABLE,
}


def exit_code_of(error: AnimathicError) -> ExitCode:
    """The exit code for a failed call."""
    return _BY_STATUS.get(error.code, ExitCode.FAILED)
