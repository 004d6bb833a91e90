"""A render service on a real socket, with a real fork server."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from animathic.scene import parse
from animathic.v1 import (
    animation_pb2,
    artifact_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
    scene_pb2,
)
from services.chassis.channels import open_channel
from services.chassis.identity import IdentitySigner, read_mesh_keys
from services.chassis.server import ServiceServer
from services.render.app import build
from services.render.config import RenderSettings
from services.render.fork_server import ForkServerClient
from services.render.wire import Job, Limits


@dataclass(frozen=True)
class Service:
    """A running render service."""

    server: ServiceServer
    render: Any
    artifacts: Any
    channel: Any
    files: Path


def render_settings(folder: Path, **changes: Any) -> RenderSettings:
    key = folder / "mesh.key"
    if not key.exists():
        key.write_text(secrets.token_hex(32))
        key.chmod(0o600)
    values: dict[str, Any] = {
        "grpc_listen": "127.0.0.1:0",
        "admin_listen": "127.0.0.1:0",
        "endpoint_seconds": 0,
        "drain_seconds": 2,
        "mesh_key_file": key,
        "artifact_store_url": f"file://{folder}/artifacts",
        "render_allow_weak_sandbox": True,
        "render_slots": 2,
        "render_work_dir": folder / "work",
    }
    return RenderSettings(_env_file=None, **(values | changes))


async def serve(settings: RenderSettings, folder: Path) -> AsyncIterator[Service]:
    server = await build(settings)
    try:
        await server.start()
        signer = IdentitySigner(read_mesh_keys(settings.mesh_key_file)[0], "router")
        async with open_channel(f"127.0.0.1:{server.port}", signer=signer) as channel:
            yield Service(
                server,
                render_service_pb2_grpc.RenderServiceStub(channel),  # type: ignore[no-untyped-call]
                artifact_service_pb2_grpc.ArtifactServiceStub(channel),  # type: ignore[no-untyped-call]
                channel,
                folder / "artifacts",
            )
    finally:
        await server.stop(at_once=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("render")
    async for one in serve(render_settings(folder), folder):
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fork_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkServerClient]:
    """A fork server whose children misbehave where the title says so."""
    folder = tmp_path_factory.mktemp("fork-server")
    environment = {**os.environ, "GOOGLE_AI_API_KEY": "a-secret", "MESH_KEY_FILE": "/some/where"}
    client = ForkServerClient(folder, environment, module="tests.support.render_bombs")
    await client.start()
    yield client
    await client.stop()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Makes jobs, each in a directory of its own."""

    def make(
        storyboard: str = "a = circle red\ncreate a", *, task: str = "render", title: str = "", **limits: int
    ) -> Job:
        scene = parse(storyboard)
        scene.title = title
        directory = tmp_path / secrets.token_hex(4)
        directory.mkdir()
        return Job(task, scene.SerializeToString(), b"", str(directory), Limits(**limits))

    return make


def request(storyboard: str | scene_pb2.Scene, **fields: Any) -> render_service_pb2.RenderSceneRequest:
    """A request for a scene that no other test renders, unless it is the same."""
    scene = parse(storyboard) if isinstance(storyboard, str) else storyboard
    options = fields.pop("options", animation_pb2.AnimationOptions())
    return render_service_pb2.RenderSceneRequest(
        scene=scene, options=options, holder=fields.pop("holder", "animations/test"), **fields
    )


async def rendered(
    service: Service, storyboard: str, **fields: Any
) -> list[render_service_pb2.RenderSceneResponse]:
    """All responses of a render."""
    return [
        response async for response in service.render.RenderScene(request(storyboard, **fields), timeout=50)
    ]
