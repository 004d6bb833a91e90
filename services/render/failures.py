"""What a caller is told when a job does not end well."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from typing import Any

from animathic.scene import Issue
from animathic.v1 import quality_pb2
from services.chassis.errors import Code, FieldViolation, MeshError
from services.render.fork_server import Ended

__all__ = [
    "crashed",
    "invalid",
    "no_sandbox",
    "resources",
    "server_gone",
    "slots_taken",
    "swept",
    "timed_out",
    "unrenderable",
]

_MOST_VIOLATIONS = 20


def invalid(issues: Iterable[Issue], prefix: str = "scene") -> MeshError:
    """The scene breaks the rules of the language."""
    found = list(issues)
    return MeshError(
        Code.INVALID_ARGUMENT,
        "SCENE_INVALID",
        f"The scene is not valid: {found[0]}" if found else "The scene is not valid.",
        violations=[
            FieldViolation(_path(prefix, one.path), str(one), one.code.upper())
            for one in found[:_MOST_VIOLATIONS]
        ],
    )


def unrenderable(issues: Iterable[quality_pb2.SceneIssue]) -> MeshError:
    """The scene follows the rules, but something in it cannot be laid out."""
    found = list(issues)
    first = _sentence(found[0]) if found else "something cannot be laid out"
    return MeshError(
        Code.INVALID_ARGUMENT,
        "SCENE_UNRENDERABLE",
        f"The scene cannot be rendered: {first}.",
        violations=[
            FieldViolation(_path("scene", one.field_path), _sentence(one), one.code.upper())
            for one in found[:_MOST_VIOLATIONS]
        ],
    )


def resources(what: str) -> MeshError:
    """A child needed more than it may have."""
    return MeshError(
        Code.RESOURCE_EXHAUSTED,
        "RENDER_RESOURCES",
        f"Rendering needed more {what} than it may use: make the scene shorter, or render it smaller.",
        metadata={"retriable": "false", "what": what},
    )


def timed_out(seconds: float) -> MeshError:
    """A child took too long."""
    return MeshError(
        Code.DEADLINE_EXCEEDED,
        "RENDER_TIMEOUT",
        f"Rendering took longer than {seconds:g} s: make the scene shorter, or render it smaller.",
        metadata={"retriable": "false"},
    )


def crashed(ended: Ended, failed: Mapping[str, Any] | None) -> MeshError:
    """A child ended without a result; the log has what it said."""
    if failed is None and ended.signal == signal.SIGXCPU:
        return resources("processor time")
    if failed is None and ended.signal == signal.SIGKILL:
        # Its own limits end it in other ways: somebody outside has killed it, or the system for want of
        # memory. Neither says anything about the scene; the router bounds the tries.
        return MeshError(
            Code.UNAVAILABLE,
            "UPSTREAM_UNAVAILABLE",
            "The process that rendered was killed from outside, perhaps for want of memory; retry.",
            retry_after=1.0,
            metadata={"retriable": "true"},
        )
    how = "failed" if failed is not None else f"crashed ({_how(ended)})"
    return MeshError(
        Code.INTERNAL,
        "RENDER_FAILED",
        f"The renderer {how} on this scene; another scene or a smaller one may work.",
        metadata={"retriable": "false"},
    )


def _how(ended: Ended) -> str:
    return signal.Signals(ended.signal).name if ended.signal is not None else f"exit code {ended.code}"


def server_gone() -> MeshError:
    """The fork server died under a job."""
    return MeshError(
        Code.UNAVAILABLE,
        "UPSTREAM_UNAVAILABLE",
        "The renderer was restarted while it worked; retry.",
        retry_after=1.0,
        metadata={"retriable": "true"},
    )


def swept() -> MeshError:
    """The files of a render were deleted before it could say that they are there."""
    return MeshError(
        Code.UNAVAILABLE,
        "UPSTREAM_UNAVAILABLE",
        "The files of this render were deleted while it ended; retry.",
        retry_after=1.0,
        metadata={"retriable": "true"},
    )


def slots_taken(slots: int, retry_after: float) -> MeshError:
    """Nothing is free."""
    return MeshError(
        Code.RESOURCE_EXHAUSTED,
        "SLOTS_TAKEN",
        f"All {slots} slots of this renderer are taken; ask another replica, or retry later.",
        retry_after=retry_after,
        quota=[("render", f"{slots} renders at a time")],
    )


def no_sandbox() -> MeshError:
    """Children could not be confined as they must be."""
    return MeshError(
        Code.FAILED_PRECONDITION,
        "SANDBOX_UNAVAILABLE",
        "The sandbox that renders must have is not available here; "
        "RENDER_ALLOW_WEAK_SANDBOX=true renders without it.",
    )


def _path(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if path else prefix


def _sentence(issue: quality_pb2.SceneIssue) -> str:
    return f"{issue.message}; {issue.advice}" if issue.advice else issue.message
