"""Holding and sweeping, on a local directory and on S3."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.chassis.artifacts import ArtifactStore
from services.chassis.errors import MeshError
from services.chassis.metrics import Metrics
from services.render.results import File, Result, file_key
from services.render.shelf import Shelf
from tests.support.seaweedfs import SeaweedServer

pytestmark = pytest.mark.asyncio

_UNIT = "ab" * 32
_OTHER = "cd" * 32


@pytest.fixture(scope="module", params=["file", "s3"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    """The URL and options of a store."""
    if request.param == "file":
        yield f"file://{tmp_path_factory.mktemp('shelf')}", {}
        return
    with SeaweedServer() as server:
        yield server.url("shelf"), server.options


@pytest_asyncio.fixture
async def store(place: tuple[str, dict[str, str]]) -> ArtifactStore:
    """An empty store."""
    found = ArtifactStore(place[0], options=place[1])
    for key in [stored.key async for stored in found.list()]:
        await found.delete(key)
    return found


def _shelf(store: ArtifactStore, *, grace: float = 0) -> Shelf:
    return Shelf(store, Metrics(), grace_seconds=grace)


async def _stock(shelf: Shelf, folder: Path, unit: str = _UNIT, content: bytes = b"video") -> Result:
    path = folder / "some.file"
    path.write_bytes(content)
    video = await shelf.keep_file("videos", unit, path)
    preview = await shelf.keep_file("previews", unit, path)
    result = Result(video, preview, 854, 480, 15, 60, blank=False, changes=59, notes=())
    return await shelf.keep_result(unit, result)


async def _keys(store: ArtifactStore) -> list[str]:
    return sorted([stored.key async for stored in store.list()])


async def test_results_are_found_with_their_files(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store)
    assert await shelf.find(_UNIT) is None
    result = await _stock(shelf, tmp_path)
    assert await shelf.find(_UNIT) == result
    assert await shelf.describe(result.video.key) == result.video
    await store.delete(result.video.key)
    assert await shelf.find(_UNIT) is None


async def test_the_first_of_two_equal_jobs_counts(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store)
    first = await _stock(shelf, tmp_path)
    second = await _stock(shelf, tmp_path, content=b"the same scene, encoded otherwise")
    assert second == first
    assert b"".join([chunk async for chunk in shelf.read(first.video.key, 0, 0)]) == b"video"


async def test_a_file_whose_result_is_missing_is_measured(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store)
    result = await _stock(shelf, tmp_path)
    await store.delete(file_key("results", _UNIT))
    assert await shelf.describe(result.video.key) == File(result.video.key, result.video.sha256, 5)


async def test_what_nobody_holds_is_swept(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store)
    await _stock(shelf, tmp_path, _UNIT)
    await _stock(shelf, tmp_path, _OTHER)
    await shelf.hold(file_key("videos", _UNIT), "animations/x")
    assert await shelf.sweep() == 1
    assert await shelf.find(_UNIT) is not None
    assert await shelf.find(_OTHER) is None
    await shelf.let_go("animations/x")
    await shelf.let_go("animations/x")
    assert await shelf.sweep() == 1
    assert await _keys(store) == []


async def test_the_grace_period_counts_from_when_nobody_held(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store, grace=1.2)
    await shelf.hold_unit(_UNIT, "animations/x")
    await _stock(shelf, tmp_path)
    assert await shelf.sweep() == 0
    await shelf.let_go("animations/x")
    assert await shelf.sweep() == 0
    assert await shelf.sweep() == 0
    await shelf.hold_unit(_UNIT, "animations/y")
    await asyncio.sleep(1.3)
    assert await shelf.sweep() == 0
    await shelf.let_go("animations/y")
    assert await shelf.sweep() == 0
    await asyncio.sleep(2.3)
    assert await shelf.sweep() == 1
    assert await _keys(store) == []


async def test_what_is_gone_cannot_be_held(store: ArtifactStore) -> None:
    with pytest.raises(MeshError, match="ARTIFACT_NOT_FOUND"):
        await _shelf(store).hold(file_key("videos", _UNIT), "animations/x")
    assert await _keys(store) == []


async def test_a_sweep_that_died_takes_nothing_from_holders(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = _shelf(store)
    await shelf.hold_unit(_UNIT, "animations/first")
    result = await _stock(shelf, tmp_path)
    await store.put(f"doomed/{_UNIT}", b"1")
    monkeypatch.setattr("services.render.shelf._DOOMED_SECONDS", -1.0)
    assert await shelf.hold_unit(_UNIT, "animations/second")
    assert await shelf.find(_UNIT) == result
    assert not [key for key in await _keys(store) if key.startswith("doomed")]


async def test_an_early_preview_outlives_a_sweep_that_died(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no result that could say whether something was deleted."""
    shelf, picture = _shelf(store), tmp_path / "early.png"
    picture.write_bytes(b"picture")
    await shelf.hold_unit(_UNIT, "animations/first")
    file = await shelf.keep_file("previews", _UNIT, picture)
    await store.put(f"doomed/{_UNIT}", b"1")
    monkeypatch.setattr("services.render.shelf._DOOMED_SECONDS", -1.0)
    await shelf.hold(file.key, "animations/second")


async def test_a_sweep_that_died_is_done_again(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = _shelf(store)
    await _stock(shelf, tmp_path)
    await store.put(f"doomed/{_UNIT}", b"1")
    assert await shelf.sweep() == 0  # It may be at it still.
    monkeypatch.setattr("services.render.shelf._DOOMED_SECONDS", -1.0)
    assert await shelf.sweep() == 1
    assert await _keys(store) == []


async def test_a_result_without_its_preview_is_none(store: ArtifactStore, tmp_path: Path) -> None:
    shelf = _shelf(store)
    result = await _stock(shelf, tmp_path)
    await store.delete(result.preview.key)
    assert await shelf.find(_UNIT) is None


async def test_a_hold_and_a_sweep_never_miss_each_other(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that it holds an artifact finds it afterwards."""
    shelf, dice = _shelf(store), random.Random(7)
    monkeypatch.setattr("services.render.shelf._DOOMED_POLL_SECONDS", 0.002)
    held = missed = 0
    for number in range(25):
        result = await _stock(shelf, tmp_path)
        holder = f"animations/{number}"

        async def hold(key: str = result.video.key, holder: str = holder) -> bool:
            await asyncio.sleep(dice.random() * 0.01)
            try:
                await shelf.hold(key, holder)
            except MeshError:
                return False
            return True

        async def sweep() -> None:
            await asyncio.sleep(dice.random() * 0.01)
            await shelf.sweep()

        got, _ = await asyncio.gather(hold(), sweep())
        if got:
            held += 1
            assert await shelf.find(_UNIT) is not None, f"round {number}"
        else:
            missed += 1
            assert not [key for key in await _keys(store) if key.startswith("holders")]
        await shelf.let_go(holder)
        await shelf.sweep()
        assert await _keys(store) == []
    assert held
    assert held + missed == 25


async def test_a_hold_waits_for_a_sweep_that_has_begun(
    store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = _shelf(store)
    result = await _stock(shelf, tmp_path)
    looked, go_on, is_held = asyncio.Event(), asyncio.Event(), shelf._is_held

    async def slow(unit: str) -> bool:
        answer = await is_held(unit)
        looked.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(shelf, "_is_held", slow)
    sweep = asyncio.create_task(shelf.sweep())
    await looked.wait()
    hold = asyncio.create_task(shelf.hold(result.video.key, "animations/late"))
    await asyncio.sleep(0.3)
    assert not hold.done()
    go_on.set()
    assert await sweep == 1
    with pytest.raises(MeshError, match="ARTIFACT_NOT_FOUND"):
        await hold
    assert await _keys(store) == []
