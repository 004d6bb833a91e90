"""What a render holds and lets go of, however it ends: a real store, and a workshop of paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from animathic.scene import parse
from animathic.v1 import animation_pb2
from services.chassis.artifacts import ArtifactStore
from services.chassis.errors import MeshError
from services.chassis.metrics import Metrics
from services.render.fork_server import Ended
from services.render.rendering import Done, Event, Renderer
from services.render.shelf import Shelf
from services.render.slots import Slots
from services.render.workshop import Answer

pytestmark = pytest.mark.asyncio

_SCENE = parse("a = circle red\ncreate a")
_HOLDER = "animations/test"
_FACTS = {
    "event": "done",
    "frames": 15,
    "blank": False,
    "changes": 14,
    "width": 854,
    "height": 480,
    "frame_rate": 15,
}


class _Paper:
    """A workshop that writes files at once, and waits where it is told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: MeshError | None = None

    @asynccontextmanager
    async def job_directory(self) -> AsyncIterator[Path]:
        yield self._folder

    async def run(self, _task: str, *rest: Any) -> Answer:
        _, _, directory, _, on_event = rest
        for name in ("early.png", "preview.png", "video.mp4"):
            (directory / name).write_bytes(name.encode())
        await on_event({"event": "preview"})
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return Answer(_FACTS, (), Ended(0, None, 0, 0))


class _Rig:
    """A renderer on a store of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "work").mkdir()
        self.store = ArtifactStore(f"file://{folder}/store")
        self.paper = _Paper(folder / "work")
        metrics = Metrics()
        self.shelf = Shelf(self.store, metrics, grace_seconds=0)
        self.slots = Slots(1, metrics)
        self.renderer = Renderer(
            self.paper,  # type: ignore[arg-type]
            self.shelf,
            self.slots,
            metrics,
            version="test",
            seconds=10,
            confined=True,
        )

    async def render(self) -> list[Event]:
        options = animation_pb2.AnimationOptions()
        return [event async for event in self.renderer.render(_SCENE, options, holder=_HOLDER, prompt="")]

    async def keys(self, folder: str) -> list[str]:
        return sorted([stored.key async for stored in self.store.list(folder)])


@pytest.fixture
def rig(tmp_path: Path) -> _Rig:
    return _Rig(tmp_path)


async def _started(rig: _Rig) -> asyncio.Task[list[Event]]:
    """A render that waits in its child."""
    rig.paper.go_on.clear()
    task = asyncio.create_task(rig.render())
    while not await rig.keys("previews"):  # noqa: ASYNC110 (a test may look again and again)
        await asyncio.sleep(0.005)
    return task


async def test_a_call_that_is_cancelled_takes_nothing_from_the_one_after_it(
    rig: _Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The router asks again for the same holder while the first call's clean-up still runs."""
    let_go_of, cleaning = rig.shelf.let_go_of, asyncio.Event()

    async def slow(unit: str, holder: str) -> None:
        await cleaning.wait()
        await let_go_of(unit, holder)

    first = await _started(rig)
    monkeypatch.setattr(rig.shelf, "let_go_of", slow)
    first.cancel()
    await asyncio.sleep(0.02)
    monkeypatch.setattr(rig.shelf, "let_go_of", let_go_of)
    rig.paper.go_on.set()
    second = await rig.render()
    cleaning.set()
    await asyncio.gather(first, return_exceptions=True)
    assert isinstance(second[-1], Done)
    await rig.shelf.sweep()
    unit = second[-1].result.video.key.rpartition("/")[2].partition(".")[0]
    assert await rig.shelf.find(unit) is not None


async def test_what_was_cancelled_is_let_go_of_by_a_release(rig: _Rig) -> None:
    task = await _started(rig)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await rig.shelf.let_go(_HOLDER)
    await rig.shelf.sweep()
    assert await rig.keys("") == []


async def test_a_refused_call_holds_nothing(rig: _Rig) -> None:
    with rig.slots.place(), pytest.raises(MeshError, match="SLOTS_TAKEN"):
        await rig.render()
    assert await rig.keys("") == []


async def test_a_marker_that_was_lost_on_the_way_is_set_again(rig: _Rig) -> None:
    task = await _started(rig)
    await rig.shelf.let_go(_HOLDER)
    rig.paper.go_on.set()
    assert isinstance((await task)[-1], Done)
    assert len(await rig.keys("holders")) == 1


async def test_what_was_swept_before_the_end_is_not_promised(
    rig: _Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_result = rig.shelf.keep_result

    async def keep_and_lose(unit: str, result: Any) -> Any:
        kept = await keep_result(unit, result)
        await rig.store.delete(kept.video.key)
        return kept

    monkeypatch.setattr(rig.shelf, "keep_result", keep_and_lose)
    with pytest.raises(MeshError, match="UPSTREAM_UNAVAILABLE"):
        await rig.render()


async def test_only_the_final_preview_stays_held(rig: _Rig) -> None:
    done = (await rig.render())[-1]
    assert isinstance(done, Done)
    assert len(await rig.keys("previews")) == 2
    assert await rig.shelf.sweep() == 1
    assert await rig.keys("previews") == [done.result.preview.key]
