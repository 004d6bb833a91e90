"""`make demo`, `make up` and `make down` from outside, each on a machine where nothing runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.layout import ROOT
from deploy.local.leftovers import find_processes
from tests.support.rest import DEMO_PROMPT
from tests.support.running_mesh import clean_environment
from tests.support.video import read_video


def deploy(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )


@pytest.mark.timeout(150)
def test_the_demo_makes_a_video_and_leaves_nothing_running(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    environment = clean_environment(data_dir)
    ran = deploy(environment, "demo", "--prompt", DEMO_PROMPT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for expected in (
        "models/local-trained",
        "decision",
        "generate",
        "render",
        "quality",
        "demo/a-red-circle",
    ):
        assert expected in ran.stdout, ran.stdout
    (video,) = (data_dir / "demo").glob("*.mp4")
    assert read_video(video).blueness(1.0) > 300
    assert find_processes(data_dir) == []


@pytest.mark.timeout(150)
def test_up_is_idempotent_and_down_leaves_nothing(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    environment = clean_environment(data_dir)
    secret = "not-a-real-key-but-a-secret"
    try:
        first = deploy({**environment, "GOOGLE_AI_API_KEY": secret}, "up")
        assert first.returncode == 0, first.stdout + first.stderr
        pids = {each.pid for each in find_processes(data_dir)}
        again = deploy(environment, "up")
        assert again.returncode == 0, again.stdout + again.stderr
        assert "already up" in again.stderr
        assert pids <= {each.pid for each in find_processes(data_dir)}
        assert deploy(environment, "status").returncode == 0

        key = data_dir / "secrets" / "mesh.key"
        assert key.stat().st_mode & 0o777 == 0o600
        written = [path for path in data_dir.rglob("*") if path.is_file() and path.stat().st_size < 5_000_000]
        assert [path for path in written if secret.encode() in path.read_bytes()] == []
        settings = json.loads((data_dir / "run" / "mesh.json").read_text())["environment"]
        assert settings["GOOGLE_AI_API_KEY_SET"] == "true"
    finally:
        down = deploy(environment, "down")
    assert down.returncode == 0
    assert "killed" not in down.stderr, down.stderr
    assert find_processes(data_dir) == []
    assert "nothing runs" in deploy(environment, "down").stderr


def test_a_service_that_cannot_start_is_named_with_its_reason(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    environment = clean_environment(data_dir, {"DATABASE_URL": "oracle://nowhere", "ROUTER_SLOTS": "none"})
    try:
        ran = deploy(environment, "up", "--wait", "10")
        assert ran.returncode == 1
        assert "router" in ran.stderr
        assert "ROUTER_SLOTS" in ran.stderr
    finally:
        deploy(environment, "down")
    assert find_processes(data_dir) == []
