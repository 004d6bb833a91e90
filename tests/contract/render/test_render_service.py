"""RenderService and ArtifactService over a real socket: what a caller gets."""

# ruff: noqa: ASYNC110 (a test may look again and again)
from __future__ import annotations

import asyncio
import hashlib
import io
import time
from pathlib import Path
from typing import Any

import av
import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from PIL import Image

from animathic.scene import parse
from animathic.v1 import animation_pb2, artifact_service_pb2, quality_pb2, render_service_pb2, scene_pb2
from services.chassis.errors import MeshError
from services.chassis.rpc_errors import mesh_error
from tests.contract.render.conftest import Service, render_settings, rendered, request, serve

pytestmark = pytest.mark.asyncio(loop_scope="module")

_DEMO = "a = circle red\nb = square blue\ncreate a\ntransform a b 2s\nwait 0.5"
_LONG = "a = square red\ncreate a\nrotate a 3600deg 60s linear"


async def _read(service: Service, key: str, **part: int) -> bytes:
    stream = service.artifacts.ReadArtifact(
        artifact_service_pb2.ReadArtifactRequest(key=key, **part), timeout=10
    )
    chunks = [response.data async for response in stream if response.data]
    assert max(map(len, chunks), default=0) <= 256 * 1024
    return b"".join(chunks)


async def _frames(service: Service, done: render_service_pb2.RenderDone) -> np.ndarray:
    data = await _read(service, done.video.artifact.key)
    assert hashlib.sha256(data).hexdigest() == done.video.artifact.sha256
    assert len(data) == done.video.artifact.size_bytes
    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


async def _error(call: Any) -> MeshError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return mesh_error(caught.value)


async def _render_error(service: Service, scene: str | scene_pb2.Scene, **fields: Any) -> MeshError:
    async def consume() -> None:
        async for _ in service.render.RenderScene(request(scene, **fields), timeout=50):
            pass

    return await _error(consume())


def _near(frame: np.ndarray, color: str) -> np.ndarray:
    """Where a frame shows a colour, shape (height, width)."""
    wanted = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)])
    near: np.ndarray = np.abs(frame.astype(int) - wanted).max(axis=-1) < 40
    return near


def _extent(mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    return int(np.ptp(columns)), int(np.ptp(rows))


RED, BLUE = "#FC6255", "#58C4DD"


async def test_a_red_circle_becomes_a_blue_square(service: Service) -> None:
    responses = await rendered(service, _DEMO, prompt="a red circle transforms into a blue square")
    kinds = [response.WhichOneof("event") for response in responses]
    assert kinds[0] == "started"
    assert kinds[-1] == "done"
    assert {"progress", "preview"} <= set(kinds)
    done = responses[-1].done
    frames = await _frames(service, done)
    assert (
        frames.shape == (52, 480, 854, 3) == (done.video.frame_count, done.video.height, done.video.width, 3)
    )
    assert done.video.frame_rate == 15
    assert done.video.duration.ToTimedelta().total_seconds() == pytest.approx(52 / 15)
    assert responses[0].started.frames_total == 52
    assert [r.progress.frames_done for r in responses if r.HasField("progress")][-1] == 52

    circle, square = _near(frames[14], RED), _near(frames[-1], BLUE)
    assert not _near(frames[14], BLUE).any()
    assert not _near(frames[-1], RED).any()
    # 60 pixels a unit: a circle of radius 1 and a square of side 2 are both 120 wide and high.
    for mask in (circle, square):
        assert all(abs(side - 121) <= 6 for side in _extent(mask))
    corner = (slice(178, 190), slice(365, 377))
    assert square[corner].any()
    assert not circle[corner].any()

    assert done.quality.score == 1
    assert all(check.passed for check in done.quality.checks)
    preview = Image.open(io.BytesIO(await _read(service, done.preview.artifact.key)))
    assert preview.size == (854, 480)
    assert _near(np.asarray(preview), BLUE).sum() > 500


async def test_the_file_can_be_watched_while_it_downloads(service: Service) -> None:
    done = (await rendered(service, _DEMO))[-1].done
    data = await _read(service, done.video.artifact.key)
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")


async def test_the_same_again_is_there_at_once(service: Service) -> None:
    first = (await rendered(service, _DEMO))[-1].done
    start = time.monotonic()
    titled = parse(_DEMO)
    titled.title = "Another title"
    again = [
        r async for r in service.render.RenderScene(request(titled, holder="animations/other"), timeout=5)
    ]
    assert time.monotonic() - start < 0.5
    assert [response.WhichOneof("event") for response in again] == ["started", "done"]
    assert again[0].started.cached
    assert again[-1].done.video == first.video


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(animation_pb2.ASPECT_RATIO_9_16, (480, 854)), (animation_pb2.ASPECT_RATIO_1_1, (480, 480))],
)
async def test_shapes_of_the_frame(service: Service, aspect: int, size: tuple[int, int]) -> None:
    options = animation_pb2.AnimationOptions(aspect_ratio=aspect)  # type: ignore[arg-type]
    done = (await rendered(service, "a = circle red\nadd a\nwait 0.2", options=options))[-1].done
    assert (done.video.width, done.video.height) == size
    assert _extent(_near((await _frames(service, done))[-1], RED))[0] == pytest.approx(121, abs=6)


async def test_higher_quality_has_more_pixels_and_frames(service: Service) -> None:
    options = animation_pb2.AnimationOptions(quality_preset=animation_pb2.QUALITY_PRESET_720P30)
    done = (await rendered(service, "a = circle red\nadd a\nwait 0.2", options=options))[-1].done
    assert (done.video.width, done.video.height, done.video.frame_rate, done.video.frame_count) == (
        1280,
        720,
        30,
        6,
    )


async def test_an_invalid_scene_is_refused_with_its_fields(service: Service) -> None:
    scene = parse("a = circle red\ncreate a")
    scene.steps[0].create.targets[0].name = "b"
    error = await _render_error(service, scene)
    assert error.reason == "SCENE_INVALID"
    assert error.violations[0].field == "scene.steps[0].create.targets[0]"


async def test_a_formula_that_cannot_be_typeset_is_named(service: Service) -> None:
    error = await _render_error(service, 'm = math "\\frac{1}{\\foo}"\nwrite m')
    assert error.reason == "SCENE_UNRENDERABLE"
    assert error.violations[0].field == "scene.elements[0].math.tex"
    assert "\\foo" in error.violations[0].description


@pytest.mark.parametrize(
    "words",
    ['"); import os; os.system("x', "{{x}} ${HOME} %s \\n", "<b>&amp;</b>", "\\", "日本 é ☃ \u202e x"],
)
async def test_texts_are_only_texts(service: Service, words: str) -> None:
    scene = parse('t = text "x"\nadd t\nwait 0.1')
    scene.elements[0].text.text = words
    scene.title = words
    responses = [r async for r in service.render.RenderScene(request(scene), timeout=50)]
    assert responses[-1].WhichOneof("event") == "done"
    assert not any(
        check.kind == quality_pb2.CHECK_KIND_BLANK and not check.passed
        for check in responses[-1].done.quality.checks
    )


async def test_nothing_but_background_is_noticed(service: Service) -> None:
    done = (await rendered(service, "a = circle black\ncreate a"))[-1].done
    assert done.quality.score == 0
    assert {check.kind for check in done.quality.checks if not check.passed} == {
        quality_pb2.CHECK_KIND_BLANK,
        quality_pb2.CHECK_KIND_FROZEN,
    }


async def test_a_still_picture_is_noticed(service: Service) -> None:
    done = (await rendered(service, "a = circle red\nadd a\nshift a (0,0)"))[-1].done
    failed = [check.kind for check in done.quality.checks if not check.passed]
    assert failed == [quality_pb2.CHECK_KIND_FROZEN]
    assert 0 < done.quality.score < 1


async def test_notes_tell_what_was_assumed(service: Service) -> None:
    done = (await rendered(service, "a = circle\nb = square\ncreate a b"))[-1].done
    assert [note.code for note in done.notes] == ["arranged"]


async def test_a_cancelled_call_kills_the_child_and_frees_the_slot(service: Service) -> None:
    call = service.render.RenderScene(request(_LONG, holder="animations/cancelled"), timeout=50)
    async for response in call:
        if response.HasField("progress"):
            break
    works = list(service.files.parent.glob("work/*/job-*"))
    assert len(works) == 1
    call.cancel()
    end = time.monotonic() + 5
    while works[0].exists() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert not works[0].exists()
    assert service.server.metrics.registry.get_sample_value("animathic_render_slots", {"use": "busy"}) == 0
    release = artifact_service_pb2.ReleaseArtifactRequest(holder="animations/cancelled")
    await service.artifacts.ReleaseArtifact(release, timeout=5)
    assert not list(service.files.glob("holders/*/*/h.cancelled"))


async def test_a_deadline_ends_the_render(service: Service) -> None:
    async def consume() -> None:
        async for _ in service.render.RenderScene(request(_LONG), timeout=1):
            pass

    assert (await _error(consume())).code.name == "DEADLINE_EXCEEDED"
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if service.server.metrics.registry.get_sample_value("animathic_render_slots", {"use": "busy"}) == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the slot was not freed")


async def test_one_render_too_many_is_refused(service: Service) -> None:
    calls = [
        service.render.RenderScene(request(_LONG, holder=f"animations/h{n}"), timeout=50) for n in range(2)
    ]
    for call in calls:
        assert (await call.read()).HasField("started")
    error = await _render_error(service, "a = dot\nadd a\nwait 0.3")
    assert (error.code.name, error.reason) == ("RESOURCE_EXHAUSTED", "SLOTS_TAKEN")
    assert error.retry_after is not None
    assert error.retry_after > 0
    # What is stored already needs no slot.
    assert (await rendered(service, _DEMO))[0].started.cached
    for call in calls:
        call.cancel()


async def _check(
    service: Service, storyboard: str, prompt: str = ""
) -> render_service_pb2.CheckSceneResponse:
    message = render_service_pb2.CheckSceneRequest(storyboard=storyboard, prompt=prompt)
    response: render_service_pb2.CheckSceneResponse = await service.render.CheckScene(message, timeout=30)
    return response


async def test_checks_of_rules_are_fast(service: Service) -> None:
    await _check(service, "a = circl red")
    start = time.monotonic()
    found = await _check(service, "a = circl red\ncreate a")
    assert time.monotonic() - start < 0.1
    assert not found.valid
    assert (found.issues[0].line, found.issues[0].code) == (1, "unknown_kind")
    assert found.storyboard == ""


async def test_checks_go_as_deep_as_formulas_and_layout(service: Service) -> None:
    found = await _check(service, 'a = circle red\nm = math "\\foo"\ncreate a\nwrite m')
    assert not found.valid
    assert (found.issues[0].line, found.issues[0].code) == (2, "latex_command")
    fine = await _check(service, "a = circle red\nb = square\ncreate a b", prompt="a red circle")
    assert fine.valid
    assert fine.quality.score == 1
    assert [issue.code for issue in fine.issues] == ["arranged"]
    assert fine.storyboard.startswith("a = circle red")


async def test_scenes_compile_to_source(service: Service) -> None:
    message = render_service_pb2.CompileSceneRequest(storyboard=_DEMO)
    response = await service.render.CompileScene(message, timeout=30)
    assert f"class {response.class_name}(Scene):" in response.source
    assert "Transform(a, b)" in response.source
    compile(response.source, "scene.py", "exec")
    error = await _error(
        service.render.CompileScene(render_service_pb2.CompileSceneRequest(storyboard="x"), timeout=5)
    )
    assert error.reason == "SCENE_INVALID"


async def test_parts_of_artifacts(service: Service) -> None:
    done = (await rendered(service, _DEMO))[-1].done
    key, size = done.video.artifact.key, done.video.artifact.size_bytes
    whole = await _read(service, key)
    assert await _read(service, key, read_offset=10, read_limit=20) == whole[10:30]
    assert await _read(service, key, read_offset=size - 5, read_limit=100) == whole[-5:]
    assert await _read(service, key, read_offset=size) == b""
    error = await _error(_read(service, key, read_offset=size + 1))
    assert error.reason == "RANGE_INVALID"
    missing = "videos/00/" + "0" * 64 + ".mp4"
    assert (await _error(_read(service, missing))).reason == "ARTIFACT_NOT_FOUND"
    assert (await _error(_read(service, "mesh.key"))).reason == "FIELD_INVALID"


async def test_artifacts_are_held_and_released(service: Service) -> None:
    done = (await rendered(service, _DEMO, holder="animations/one"))[-1].done
    for key in (done.video.artifact.key, done.preview.artifact.key):
        hold = artifact_service_pb2.HoldArtifactRequest(key=key, holder="animations/two")
        await service.artifacts.HoldArtifact(hold, timeout=5)
    unit = done.video.artifact.key[10:74]
    holders = {path.name for path in service.files.glob(f"holders/*/{unit}/*")}
    assert {"h.one", "h.two"} <= holders
    for _ in range(2):
        release = artifact_service_pb2.ReleaseArtifactRequest(holder="animations/two")
        await service.artifacts.ReleaseArtifact(release, timeout=5)
    assert "h.two" not in {path.name for path in service.files.glob("holders/*/*/*")}
    assert not list(service.files.glob("by-holder/h.two/*"))
    missing = artifact_service_pb2.HoldArtifactRequest(
        key="videos/00/" + "0" * 64 + ".mp4", holder="animations/two"
    )
    assert (await _error(service.artifacts.HoldArtifact(missing, timeout=5))).reason == "ARTIFACT_NOT_FOUND"
    assert not list(service.files.glob("by-holder/h.two/*"))


async def test_without_a_sandbox_nothing_is_rendered(tmp_path: Path) -> None:
    settings = render_settings(tmp_path, render_allow_weak_sandbox=False)
    async for service in serve(settings, tmp_path):
        health = health_pb2_grpc.HealthStub(service.channel)  # type: ignore[no-untyped-call]
        states = {}
        for name in ("RenderService", "ArtifactService"):
            asked = health_pb2.HealthCheckRequest(service=f"animathic.v1.{name}")
            states[name] = (await health.Check(asked, timeout=5)).status
        assert states == {
            "RenderService": health_pb2.HealthCheckResponse.NOT_SERVING,
            "ArtifactService": health_pb2.HealthCheckResponse.SERVING,
        }
        error = await _render_error(service, _DEMO)
        assert error.reason == "SANDBOX_UNAVAILABLE"
        assert "RENDER_ALLOW_WEAK_SANDBOX" in error.message
        assert not (await _check(service, "a = circl")).valid
