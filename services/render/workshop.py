"""Gives every job its directory, runs it in a child, and turns its end into an answer or an error."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from animathic.v1 import animation_pb2, quality_pb2, render_service_pb2, scene_pb2
from services.render import failures
from services.render.fork_server import Ended, ForkServerClient, ForkServerError, JobTimeoutError
from services.render.wire import Job, Limits, ProtocolError

__all__ = ["Answer", "Workshop"]

_log = structlog.get_logger(__name__)

OnEvent = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child delivered.

    Attributes:
        facts: What it said last.
        notes: What the compiler adjusted.
        ended: How it ended.
    """

    facts: dict[str, Any]
    notes: tuple[quality_pb2.SceneIssue, ...]
    ended: Ended


class Workshop:
    """Runs jobs.

    Args:
        server: The fork server.
        directory: Where the jobs' directories are made.
        limits: What a child may use.
    """

    def __init__(self, server: ForkServerClient, directory: Path, limits: Limits) -> None:
        self._server = server
        self._directory = directory
        self._limits = limits

    @asynccontextmanager
    async def job_directory(self) -> AsyncIterator[Path]:
        """A private directory that is gone afterwards."""
        made = await asyncio.to_thread(tempfile.mkdtemp, prefix="job-", dir=self._directory)
        try:
            yield Path(made)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, made, ignore_errors=True))

    async def run(
        self,
        task: str,
        scene: scene_pb2.Scene,
        options: animation_pb2.AnimationOptions,
        directory: Path,
        seconds: float,
        on_event: OnEvent,
    ) -> Answer:
        """Runs a job to its end. Where the caller is cancelled, the child is killed.

        Args:
            task: `render` or `compile`.
            scene: The scene, valid.
            options: How it shall look.
            directory: The job's directory.
            seconds: Longest time it may take.
            on_event: Called with what the child says on its way.

        Raises:
            MeshError: What a caller is told.
        """
        last: dict[str, Any] = {}
        blob = b""

        async def hear(head: dict[str, Any], body: bytes) -> None:
            nonlocal last, blob
            if head.get("event") in {"done", "compiled", "unrenderable", "resources", "failed"}:
                last, blob = head, body
            else:
                await on_event(head)

        job = Job(task, scene.SerializeToString(), options.SerializeToString(), str(directory), self._limits)
        started = time.monotonic()
        try:
            ended = await self._server.run(job, seconds, hear)
        except JobTimeoutError as error:
            raise failures.timed_out(seconds) from error
        except ForkServerError as error:
            raise failures.server_gone() from error
        except ProtocolError as error:
            _log.error("a child spoke nonsense", error=str(error))
            raise failures.crashed(Ended(None, None, 0, 0), {}) from error
        event = last.get("event")
        _log.debug(
            "a child ended",
            task=task,
            outcome=event,
            seconds=round(time.monotonic() - started, 3),
            cpu_seconds=round(ended.cpu_seconds, 3),
            memory_mb=ended.memory_bytes >> 20,
        )
        if event in {"done", "compiled"}:
            issues = render_service_pb2.CheckSceneResponse.FromString(blob).issues
            return Answer(last, tuple(issues), ended)
        if event == "unrenderable":
            raise failures.unrenderable(render_service_pb2.CheckSceneResponse.FromString(blob).issues)
        if event == "resources":
            raise failures.resources(str(last.get("what")))
        await self._log_crash(task, directory, ended, last)
        raise failures.crashed(ended, last or None)

    async def _log_crash(self, task: str, directory: Path, ended: Ended, last: dict[str, Any]) -> None:
        words = await asyncio.to_thread(_tail, directory / "child.log")
        _log.error(
            "a child failed",
            task=task,
            code=ended.code,
            signal=ended.signal,
            error=last.get("error"),
            trace=last.get("trace"),
            words=words,
        )


def _tail(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[-4000:]
    except OSError:
        return ""
