"""From a prompt to a video through every service, by the doors that callers use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import httpx
import pytest

from tests.support.rest import DEMO_PROMPT, SHORT_STORY, create, wait, watch
from tests.support.running_mesh import RunningMesh
from tests.support.video import read_video


def assert_shows_the_demo(path: Path) -> None:
    """A red shape first, a blue one at the end, and never both halves wrong."""
    video = read_video(path)
    assert video.frames.shape[1:] == (480, 854, 3)
    assert video.rate == 15
    assert 1 <= video.seconds <= 20
    reds = [video.redness(position) for position in (0.2, 0.3, 0.4)]
    assert max(reds) > 300, reds
    assert video.blueness(1.0) > 300
    assert video.redness(1.0) < 50
    assert video.blueness(0.1) < 50


@pytest.mark.timeout(150)
def test_rest_from_prompt_to_video(mesh: RunningMesh, acme: httpx.Client, tmp_path: Path) -> None:
    created = create(acme, {"prompt": DEMO_PROMPT})
    assert created["state"] == "ANIMATION_STATE_PENDING"
    assert created["prompt"] == DEMO_PROMPT
    assert created["tenant"] == "acme"

    snapshots = watch(acme, created["name"])
    revisions = [int(each["revision"]) for each in snapshots]
    assert revisions == sorted(set(revisions))
    assert "ANIMATION_STATE_RENDERING" in {each["state"] for each in snapshots}
    assert any(each["progress"].get("framesTotal", 0) > 0 for each in snapshots if "progress" in each)
    ended = snapshots[-1]
    assert ended["state"] == "ANIMATION_STATE_SUCCEEDED", ended.get("error")
    assert ended["decision"]["model"] == "models/local-trained"
    assert ended["decision"]["explanation"]
    assert ended["quality"]["score"] > 0.5
    assert float(ended["timings"]["total"].rstrip("s")) > 0
    assert [each["outcome"] for each in ended["attempts"]].count("ATTEMPT_OUTCOME_SUCCEEDED") >= 2
    assert "circle" in ended["storyboard"]

    video = acme.get(ended["video"]["uri"])
    assert video.status_code == 200
    assert video.headers["content-type"] == "video/mp4"
    assert hashlib.sha256(video.content).hexdigest() == ended["video"]["artifact"]["sha256"]
    part = acme.get(ended["video"]["uri"], headers={"range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == video.content[10:20]
    unchanged = acme.get(ended["video"]["uri"], headers={"if-none-match": video.headers["etag"]})
    assert unchanged.status_code == 304
    path = tmp_path / "video.mp4"
    path.write_bytes(video.content)
    assert_shows_the_demo(path)

    preview = acme.get(ended["preview"]["uri"])
    assert preview.status_code == 200
    assert preview.headers["content-type"] == "image/png"
    assert preview.content.startswith(b"\x89PNG")


@pytest.mark.timeout(150)
def test_the_command_from_prompt_to_video(mesh: RunningMesh, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    ran = mesh.command("generate", DEMO_PROMPT, "-o", str(path), "--json", tenant="acme", timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    document = json.loads(ran.stdout)
    assert document["animation"]["state"] == "ANIMATION_STATE_SUCCEEDED"
    assert document["file"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert_shows_the_demo(path)
    assert [each.name for each in tmp_path.iterdir()] == ["video.mp4"]


def test_the_command_renders_a_scene(mesh: RunningMesh, tmp_path: Path) -> None:
    story, path = tmp_path / "a.story", tmp_path / "video.mp4"
    story.write_text(SHORT_STORY)
    ran = mesh.command("render", str(story), "-o", str(path), "--aspect", "1:1")
    assert ran.returncode == 0, ran.stderr
    assert "none: the scene was given" in ran.stdout
    video = read_video(path)
    assert video.frames.shape[1] == video.frames.shape[2]
    assert video.redness(1.0) > 300


def test_the_same_scene_is_rendered_once(acme: httpx.Client) -> None:
    story = {"sourceStoryboard": "b = square green\ncreate b 0.4s\n"}
    first = wait(acme, create(acme, story)["name"])
    second = wait(acme, create(acme, story)["name"])
    assert first["name"] != second["name"]
    assert first["video"]["artifact"] == second["video"]["artifact"]


def test_the_command_lists_models_and_explains(mesh: RunningMesh) -> None:
    models = json.loads(mesh.command("models", "--json").stdout)["models"]
    local = next(each for each in models if each["name"] == "models/local-trained")
    assert local["state"] == "MODEL_STATE_READY"
    explained = json.loads(mesh.command("explain", DEMO_PROMPT, "--json").stdout)["decision"]
    assert explained["model"] == "models/local-trained"
    assert explained["features"]


def test_doctor_finds_the_mesh_healthy(mesh: RunningMesh) -> None:
    ran = mesh.command("doctor", "--json")
    assert ran.returncode == 0, ran.stdout
    findings = {each["part"]: each["verdict"] for each in json.loads(ran.stdout)["findings"]}
    for part in ("gateway http", "gateway", "router", "render", "local_adapter", "models/local-trained"):
        assert findings[part] == "ready", part
    assert findings["render sandbox"] == "warning"


def test_refining_keeps_the_parent(acme: httpx.Client) -> None:
    parent = wait(acme, create(acme, {"prompt": "a green square"})["name"])
    assert parent["state"] == "ANIMATION_STATE_SUCCEEDED", parent.get("error")
    response = acme.post(f"/v1/{parent['name']}:refine", json={"prompt": "now make it blue"})
    assert response.status_code == 200, response.text
    child = wait(acme, response.json()["name"])
    assert child["parent"] == parent["name"]
    assert child["state"] in {"ANIMATION_STATE_SUCCEEDED", "ANIMATION_STATE_FAILED"}
    if child["state"] == "ANIMATION_STATE_FAILED":
        assert child["error"]["message"]


def test_cancelling_a_render_ends_it(acme: httpx.Client) -> None:
    long = "a = circle red\ncreate a 60s\nrotate a 360deg 60s\n"
    name = create(acme, {"sourceStoryboard": long, "options": {"qualityPreset": "QUALITY_PRESET_1080P60"}})[
        "name"
    ]
    with acme.stream("GET", f"/v1/{name}:watch", headers={"accept": "application/x-ndjson"}) as response:
        for line in response.iter_lines():
            if json.loads(line)["animation"]["state"] == "ANIMATION_STATE_RENDERING":
                break
    cancelled = acme.post(f"/v1/{name}:cancel", json={})
    assert cancelled.status_code == 200
    assert cancelled.json()["cancelRequested"]
    assert wait(acme, name)["state"] == "ANIMATION_STATE_CANCELLED"


def test_a_deleted_animation_is_gone(acme: httpx.Client) -> None:
    name = wait(acme, create(acme, {"sourceStoryboard": SHORT_STORY})["name"])["name"]
    assert acme.delete(f"/v1/{name}").status_code == 200
    assert acme.get(f"/v1/{name}").status_code == 404
    assert acme.get(f"/v1/{name}/video").status_code == 404
