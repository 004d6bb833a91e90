"""The live view of an animation: a bar on a terminal, a line per stage elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from animathic.cli.output import Output, plain
from animathic.v1 import animation_pb2

__all__ = ["LiveView", "stage_of"]

_STAGES = {
    animation_pb2.ANIMATION_STATE_PENDING: "queued",
    animation_pb2.ANIMATION_STATE_GENERATING: "generating",
    animation_pb2.ANIMATION_STATE_RENDERING: "rendering",
    animation_pb2.ANIMATION_STATE_SUCCEEDED: "done",
    animation_pb2.ANIMATION_STATE_FAILED: "failed",
    animation_pb2.ANIMATION_STATE_CANCELLED: "cancelled",
}


def stage_of(animation: animation_pb2.Animation) -> tuple[str, str]:
    """The stage and what is happening in it.

    Args:
        animation: A snapshot.

    Returns:
        The stage in one word, and a few words on it; those may be empty.
    """
    stage = _STAGES.get(animation.state, "waiting")
    progress = animation.progress
    detail = ""
    if animation.state == animation_pb2.ANIMATION_STATE_PENDING:
        detail = progress.message
    elif animation.state == animation_pb2.ANIMATION_STATE_GENERATING:
        model = animation.decision.model.removeprefix("models/")
        tokens = f"{progress.tokens} tokens" if progress.tokens else ""
        detail = ", ".join(part for part in (model, tokens) if part)
    elif animation.state == animation_pb2.ANIMATION_STATE_RENDERING and progress.frames_total:
        detail = f"frame {progress.frames_done} of {progress.frames_total}"
    if animation.cancel_requested and stage not in {"done", "failed", "cancelled"}:
        stage = "cancelling"
    return stage, plain(detail)


class LiveView:
    """Shows snapshots as they come; use it as a context manager."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._stage = ""
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if output.live:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=32),
                TextColumn("{task.fields[detail]}", markup=False, style="dim"),
                TimeElapsedColumn(),
                console=output.notes,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("sending", total=1.0, detail="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, animation: animation_pb2.Animation) -> None:
        """Shows a snapshot."""
        stage, detail = stage_of(animation)
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task,
                description=stage.ljust(10),
                completed=animation.progress.fraction,
                detail=detail,
            )
        elif stage != self._stage:
            self._output.note(f"{stage}: {detail}" if detail else stage)
        self._stage = stage
