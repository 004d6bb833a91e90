"""From a request to a file: create, watch, download, and cancel when the person gives up."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from animathic.cli.output import Output
from animathic.cli.progress import LiveView
from animathic.client import AnimathicError, Client, Downloaded
from animathic.v1 import animation_pb2

__all__ = ["Interrupted", "Made", "check_writable", "make", "reason_of", "summary"]

# How long a cancellation may take after Ctrl-C, seconds, before the command gives up on it.
_CANCEL_PATIENCE = 8.0


@dataclass(frozen=True, slots=True)
class Made:
    """What came out.

    Attributes:
        animation: The animation, ended.
        file: What was downloaded; none where there is no video.
    """

    animation: animation_pb2.Animation
    file: Downloaded | None


class Interrupted(Exception):  # noqa: N818 - it is what happened, not a defect
    """The person gave up.

    Attributes:
        name: The animation's name; empty if it never came to be.
        message: What became of it, in one sentence.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def check_writable(path: Path) -> None:
    """Finds out before the work whether its result can be written.

    Raises:
        AnimathicError: `FILE_NOT_WRITABLE`.
    """
    problem = ""
    if path.is_dir():
        problem = f"{path} is a directory: name a file in it"
    elif not path.parent.is_dir():
        problem = f"there is no directory {path.parent}: create it or name another"
    elif not os.access(path.parent, os.W_OK):
        problem = f"{path.parent} is not writable: name another directory"
    if problem:
        raise AnimathicError(grpc.StatusCode.INVALID_ARGUMENT, "FILE_NOT_WRITABLE", problem)


async def make(
    client: Client,
    create: Callable[[], Awaitable[animation_pb2.Animation]],
    path: Path,
    output: Output,
) -> Made:
    """Creates an animation, shows how it goes on, and downloads the video.

    Args:
        client: The mesh.
        create: Makes the request.
        path: Where the video goes.
        output: Where progress goes.

    Raises:
        AnimathicError: The mesh refused or could not be reached.
        Interrupted: SIGINT or SIGTERM came; the animation was cancelled, if it had not ended.
    """
    creating = asyncio.ensure_future(create())
    working = asyncio.ensure_future(_follow(client, creating, path, output))
    loop = asyncio.get_running_loop()

    def give_up() -> None:
        # The second signal ends the process at once, whatever it is doing.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        working.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, give_up)
    try:
        return await working
    except asyncio.CancelledError:
        output.note("stopping: asking the mesh to cancel the animation")
        raise await _cancel(client, creating) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        creating.cancel()


async def _follow(
    client: Client, creating: asyncio.Future[animation_pb2.Animation], path: Path, output: Output
) -> Made:
    with LiveView(output) as view:
        # Shielded: after Ctrl-C the answer still tells which animation to cancel.
        animation = await asyncio.shield(creating)
        view.show(animation)
        async for snapshot in client.watch(animation.name):
            animation = snapshot
            view.show(animation)
        file = None
        if animation.state == animation_pb2.ANIMATION_STATE_SUCCEEDED:
            file = await client.download_video(animation.name, path)
    return Made(animation, file)


async def _cancel(client: Client, creating: asyncio.Future[animation_pb2.Animation]) -> Interrupted:
    name = ""
    try:
        async with asyncio.timeout(_CANCEL_PATIENCE):
            name = (await creating).name
            await client.cancel_animation(name)
    except TimeoutError:
        where = f"{name}, which may go on" if name else "the request, which may have been accepted"
        return Interrupted(name, f"interrupted; the mesh did not answer in time to cancel {where}")
    except AnimathicError as error:
        if error.reason == "ANIMATION_ENDED":
            return Interrupted(name, f"interrupted; {name} had ended already")
        if not name:
            return Interrupted(name, f"interrupted; no animation was created ({error.reason})")
        return Interrupted(name, f"interrupted; could not cancel {name}: {error.message}")
    return Interrupted(name, f"interrupted; {name} was cancelled")


def summary(made: Made, path: Path) -> list[tuple[str, str]]:
    """What a person wants to know of a finished animation, as labelled lines.

    Args:
        made: What came out.
        path: Where the video is.
    """
    animation, video = made.animation, made.animation.video
    rows: list[tuple[str, str]] = []
    if made.file is not None:
        rows.append(
            (
                "file",
                f"{path} ({video.width}x{video.height}, {video.frame_rate} fps, "
                f"{video.frame_count} frames, {video.duration.ToTimedelta().total_seconds():.1f} s, "
                f"{made.file.size_bytes / 1024:.0f} KiB)",
            )
        )
    decision = animation.decision
    versions = [each.model_version for each in animation.attempts if each.model_version]
    version = f" ({versions[-1]})" if versions else ""
    rows += [
        ("model", (decision.model or "none: the scene was given") + version),
        ("decision", reason_of(decision)),
        ("time", _seconds(animation)),
        ("quality", _quality(animation)),
        ("cost", f"${animation.spend.cost_usd:.4f}"),
        ("animation", animation.name),
    ]
    return rows


def reason_of(decision: animation_pb2.Decision) -> str:
    """Why a model was picked: the reason in one word and the router's sentence on it."""
    word = ""
    if decision.reason and decision.reason in animation_pb2.DecisionReason.values():
        word = animation_pb2.DecisionReason.Name(decision.reason).removeprefix("DECISION_REASON_").lower()
    return ": ".join(part for part in (word, decision.explanation) if part)


def _seconds(animation: animation_pb2.Animation) -> str:
    timings = animation.timings
    stages = {
        "queue": timings.queue,
        "decide": timings.decide,
        "generate": timings.generate,
        "render": timings.render,
        "total": timings.total,
    }
    return ", ".join(
        f"{stage} {spent.ToTimedelta().total_seconds():.2f} s"
        for stage, spent in stages.items()
        if spent.ByteSize() or stage == "total"
    )


def _quality(animation: animation_pb2.Animation) -> str:
    if not animation.HasField("quality"):
        return "not judged"
    checks = animation.quality.checks
    failed = [check.reason for check in checks if not check.passed]
    share = f"{len(checks) - len(failed)} of {len(checks)} checks" if checks else "nothing to check"
    return f"{animation.quality.score:.2f} ({share})" + (f"; {'; '.join(failed)}" if failed else "")
