"""Renders a scene, or finds that it is rendered already."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from animathic.scene import Issue, validate
from animathic.v1 import animation_pb2, quality_pb2, scene_pb2
from services.chassis.errors import MeshError
from services.chassis.metrics import Metrics
from services.render import failures
from services.render.compiler.frame import frame_for
from services.render.compiler.issues import note
from services.render.compiler.plan import estimate_frames
from services.render.judging import judge
from services.render.results import File, Result, facts_of, file_key, job_key
from services.render.shelf import Shelf
from services.render.slots import Slots
from services.render.workshop import Workshop

__all__ = ["Done", "Event", "Preview", "Progress", "Renderer", "Started", "as_scene_issue"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """The render has a slot, or needs none.

    Attributes:
        cached: Whether the result was there.
        frames_total: About how many frames there will be.
    """

    cached: bool
    frames_total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Frames come."""

    frames_done: int
    frames_total: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A still picture is there."""

    file: File
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end.

    Attributes:
        result: What is stored.
        quality: How good it is.
        notes: What was assumed or adjusted.
        seconds: From slot to end.
    """

    result: Result
    quality: quality_pb2.Quality
    notes: tuple[quality_pb2.SceneIssue, ...]
    seconds: float


Event = Started | Progress | Preview | Done


class Renderer:
    """Renders scenes.

    Args:
        workshop: Runs the children.
        shelf: Keeps the results.
        slots: How many at a time.
        metrics: Where renders are counted.
        version: The renderer's version, a part of every job's key.
        seconds: Longest that one render may take.
        confined: Whether children are confined as they must be, or may run without.
    """

    def __init__(
        self,
        workshop: Workshop,
        shelf: Shelf,
        slots: Slots,
        metrics: Metrics,
        *,
        version: str,
        seconds: float,
        confined: bool,
    ) -> None:
        self._workshop = workshop
        self._shelf = shelf
        self._slots = slots
        self._metrics = metrics
        self._version = version
        self._seconds = seconds
        self._confined = confined

    async def render(
        self,
        scene: scene_pb2.Scene,
        options: animation_pb2.AnimationOptions,
        *,
        holder: str,
        prompt: str,
    ) -> AsyncIterator[Event]:
        """Renders a scene; the last event is `Done`. Closing the iterator ends the child.

        Args:
            scene: The scene.
            options: How it shall look.
            holder: Who will hold the artifacts.
            prompt: What it is judged by; may be empty.

        Raises:
            MeshError: What a caller is told.
        """
        start = time.monotonic()
        try:
            async for event in self._render(scene, options, holder, prompt):
                if isinstance(event, Done):
                    self._count("cached" if event.seconds == 0 else "ok", "", time.monotonic() - start)
                yield event
        except MeshError as error:
            refused = error.reason in {"SLOTS_TAKEN", "SANDBOX_UNAVAILABLE", "SCENE_INVALID"}
            self._count("refused" if refused else "failed", error.reason, time.monotonic() - start)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self._count("cancelled", "", time.monotonic() - start)
            raise

    def _count(self, outcome: str, reason: str, seconds: float) -> None:
        self._metrics.renders.labels(outcome, reason).inc()
        self._metrics.render_seconds.labels(outcome).observe(seconds)

    async def _render(
        self, scene: scene_pb2.Scene, options: animation_pb2.AnimationOptions, holder: str, prompt: str
    ) -> AsyncIterator[Event]:
        checked = await asyncio.to_thread(validate, scene)
        if checked.errors:
            raise failures.invalid(checked.errors)
        if not self._confined:
            raise failures.no_sandbox()
        notes = [as_scene_issue(issue) for issue in checked.notes]
        if scene.canvas.transparent:
            notes.append(
                note(
                    "transparent_ignored",
                    "canvas.transparent",
                    "MP4 has no transparency: the background is shown",
                )
            )
        unit = job_key(scene, options, self._version)
        # Held first and looked for then: a sweep cannot come in between.
        is_new = await self._shelf.hold_unit(unit, holder)
        result = await self._shelf.find(unit)
        if result is not None:
            yield Started(cached=True, frames_total=result.frames)
            await self._hold_for_good(unit, holder, result)
            yield self._done(scene, prompt, result, notes, 0.0)
            return
        with contextlib.ExitStack() as slot:
            try:
                slot.enter_context(self._slots.place())
            except MeshError:
                if is_new:
                    await asyncio.shield(self._shelf.let_go_of(unit, holder))
                raise
            # From here on the holder's own release lets go, however this ends: the same holder may have asked
            # again already, and would lose what it was promised if this call took its marker away.
            start = time.monotonic()
            frame = frame_for(scene.canvas, options)
            yield Started(cached=False, frames_total=estimate_frames(scene, frame.frame_rate))
            async with self._workshop.job_directory() as directory:
                work = _Work(self, scene, options, holder, unit, directory)
                async for event in work.events():
                    yield event
            await self._hold_for_good(unit, holder, work.result)
            yield self._done(scene, prompt, work.result, notes, time.monotonic() - start)

    async def _hold_for_good(self, unit: str, holder: str, result: Result) -> None:
        """Makes sure that what is promised is there and held, whatever went on meanwhile.

        Raises:
            MeshError: UNAVAILABLE: the files were deleted meanwhile; another try makes them again.
        """
        await self._shelf.hold_unit(unit, holder)
        if await self._shelf.find(unit) is None:
            raise failures.swept()
        early = _early(unit)
        if result.preview.key != file_key("previews", early):
            # The final preview takes the place of the early one.
            await self._shelf.let_go_of(early, holder)

    def _done(
        self,
        scene: scene_pb2.Scene,
        prompt: str,
        result: Result,
        notes: list[quality_pb2.SceneIssue],
        seconds: float,
    ) -> Done:
        quality = judge(scene, prompt, blank=result.blank, changes=result.changes)
        return Done(result, quality, (*notes, *result.notes), seconds)

    async def work(
        self,
        scene: scene_pb2.Scene,
        options: animation_pb2.AnimationOptions,
        holder: str,
        unit: str,
        directory: Path,
        tell: asyncio.Queue[Event | None],
    ) -> Result:
        """Renders in a child and stores what it made; tells how it goes."""
        frame = frame_for(scene.canvas, options)

        async def on_event(head: dict[str, Any]) -> None:
            if head["event"] == "progress":
                tell.put_nowait(Progress(head["frames_done"], head["frames_total"]))
            elif head["event"] == "preview":
                early = _early(unit)
                await self._shelf.hold_unit(early, holder)
                file = await self._shelf.keep_file("previews", early, directory / "early.png")
                tell.put_nowait(Preview(file, frame.pixel_width, frame.pixel_height))

        answer = await self._workshop.run("render", scene, options, directory, self._seconds, on_event)
        self._metrics.render_frames.labels("mp4").inc(answer.facts["frames"])
        video = await self._shelf.keep_file("videos", unit, directory / "video.mp4")
        preview = await self._shelf.keep_file("previews", unit, directory / "preview.png")
        made = Result(video=video, preview=preview, notes=answer.notes, **facts_of(answer.facts))
        return await self._shelf.keep_result(unit, made)


class _Work:
    """One render on its way, as events."""

    def __init__(
        self,
        renderer: Renderer,
        scene: scene_pb2.Scene,
        options: animation_pb2.AnimationOptions,
        holder: str,
        unit: str,
        directory: Path,
    ) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._task = asyncio.create_task(
            renderer.work(scene, options, holder, unit, directory, self._queue), name="render"
        )
        self._task.add_done_callback(lambda _: self._queue.put_nowait(None))

    @property
    def result(self) -> Result:
        """What came of it."""
        return self._task.result()

    async def events(self) -> AsyncIterator[Event]:
        """What happens on the way; raises what the work raised. Closing it ends the work."""
        try:
            while (event := await self._queue.get()) is not None:
                yield event
            await self._task
        finally:
            if not self._task.done():
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)


def _early(unit: str) -> str:
    """The unit of a job's early preview."""
    return hashlib.sha256(f"{unit}:early".encode()).hexdigest()


def as_scene_issue(issue: Issue) -> quality_pb2.SceneIssue:
    """An issue of the language as it travels."""
    severity = quality_pb2.SEVERITY_NOTE if issue.severity == "note" else quality_pb2.SEVERITY_ERROR
    return quality_pb2.SceneIssue(
        severity=severity,
        code=issue.code,
        line=issue.line or 0,
        column=issue.column or 0,
        field_path=issue.path,
        message=issue.message,
        advice=issue.advice,
    )
