"""Every process dies once, in the middle of the work; every animation still ends well."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.layout import ROOT
from tests.drills.kill_services import TARGETS, Target, kill_in_the_middle
from tests.support.rest import http_client
from tests.support.running_mesh import RunningMesh, eventually


@pytest.fixture(scope="module")
def client(mesh: RunningMesh) -> Iterator[httpx.Client]:
    with http_client(mesh.url, mesh.keys["acme"]) as client:
        yield client


@pytest.mark.timeout(150)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_an_animation_outlives_the_death_of(mesh: RunningMesh, client: httpx.Client, target: Target) -> None:
    outcome = kill_in_the_middle(mesh, target, client, TARGETS.index(target))
    assert outcome.problems == ()
    assert set(outcome.ended) == {"ANIMATION_STATE_SUCCEEDED"}


@pytest.mark.timeout(150)
def test_the_command_outlives_the_gateway(mesh: RunningMesh, tmp_path: Path) -> None:
    story, path = tmp_path / "a.story", tmp_path / "video.mp4"
    story.write_text("a = star gold\ncreate a 1s\nrotate a 123deg 14s\n")
    command = subprocess.Popen(
        [sys.executable, "-m", "animathic.cli", "render", str(story), "-o", str(path), "--json"],
        env=mesh.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    streams = f"{mesh.admin_url('gateway')}/metrics"
    watching = re.compile(r'grpc_server_in_flight\{[^}]*"WatchAnimation"[^}]*\} 1\.0')
    eventually(lambda: watching.search(httpx.get(streams).text), "the command watches")
    os.kill(mesh.pid("gateway"), signal.SIGKILL)
    out, err = command.communicate(timeout=100)
    assert command.returncode == 0, out + err
    assert json.loads(out)["file"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
