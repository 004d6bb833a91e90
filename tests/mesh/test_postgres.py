"""The same mesh with its records in PostgreSQL."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.postgres import PostgresServer
from tests.support.rest import DEMO_PROMPT, create, reason_of, wait, watch
from tests.support.running_mesh import RunningMesh, eventually, running_mesh
from tests.support.video import read_video


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def mesh(postgres: PostgresServer) -> Iterator[RunningMesh]:
    with tempfile.TemporaryDirectory(prefix="animathic-postgres-") as directory:
        more = {"DATABASE_URL": postgres.create_database(), "LEASE_SECONDS": "4", "RENEW_SECONDS": "1"}
        with running_mesh(Path(directory, "var"), more) as mesh:
            yield mesh


@pytest.mark.timeout(150)
def test_the_main_path(mesh: RunningMesh, acme: httpx.Client, umbra: httpx.Client, tmp_path: Path) -> None:
    created = create(acme, {"prompt": DEMO_PROMPT}, requestId="once")
    ended = watch(acme, created["name"])[-1]
    assert ended["state"] == "ANIMATION_STATE_SUCCEEDED", ended.get("error")
    path = tmp_path / "video.mp4"
    path.write_bytes(acme.get(ended["video"]["uri"]).content)
    assert read_video(path).blueness(1.0) > 300
    assert create(acme, {"prompt": DEMO_PROMPT}, requestId="once")["name"] == created["name"]
    assert umbra.get(f"/v1/{created['name']}").status_code == 404
    assert not (mesh.layout.data_dir / "animathic.db").exists()


@pytest.mark.timeout(150)
def test_work_outlives_the_router(mesh: RunningMesh, acme: httpx.Client) -> None:
    names = [
        create(acme, {"sourceStoryboard": f"a = circle {color}\ncreate a 1s\nrotate a 90deg 6s\n"})["name"]
        for color in ("red", "green")
    ]
    eventually(
        lambda: "ANIMATION_STATE_RENDERING" in {acme.get(f"/v1/{name}").json()["state"] for name in names},
        "something renders",
    )
    os.kill(mesh.pid("router"), signal.SIGKILL)
    assert {wait(acme, name)["state"] for name in names} == {"ANIMATION_STATE_SUCCEEDED"}


@pytest.mark.timeout(150)
def test_a_database_that_is_away_promises_nothing(
    mesh: RunningMesh, acme: httpx.Client, postgres: PostgresServer
) -> None:
    postgres.kill()
    try:
        refused = acme.post("/v1/animations", json={"prompt": DEMO_PROMPT}, params={"requestId": "away"})
        assert refused.status_code == 503, refused.text
        assert reason_of(refused) == "DATABASE_UNAVAILABLE"
        assert "retry-after" in refused.headers
    finally:
        postgres.start()
    eventually(
        lambda: (
            acme.post(
                "/v1/animations", json={"prompt": DEMO_PROMPT}, params={"requestId": "away"}
            ).status_code
            == 200
        ),
        "the router finds its database again",
    )
    name = create(acme, {"prompt": DEMO_PROMPT}, requestId="away")["name"]
    assert wait(acme, name)["state"] == "ANIMATION_STATE_SUCCEEDED"
