"""The wiring of render: builds every object and passes it down."""

from __future__ import annotations

import asyncio
import os

import structlog

from animathic.v1 import artifact_service_pb2_grpc, render_service_pb2_grpc
from services.chassis.artifacts import ArtifactStore
from services.chassis.identity import IdentityVerifier, read_mesh_keys
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.render.artifact_servicer import ARTIFACT_SERVICE, ArtifactServicer
from services.render.caretaker import Caretaker
from services.render.checking import Checker
from services.render.config import RenderSettings
from services.render.fork_server import ForkServerClient
from services.render.render_servicer import RENDER_SERVICE, RenderServicer
from services.render.rendering import Renderer
from services.render.results import renderer_version
from services.render.shelf import Shelf
from services.render.slots import Slots
from services.render.wire import Limits
from services.render.work_directory import WorkDirectory
from services.render.workshop import Workshop

__all__ = ["NAME", "build"]

NAME = "render"
_log = structlog.get_logger(__name__)


async def build(settings: RenderSettings) -> ServiceServer:
    """Builds the service within the event loop that will run it."""
    metrics = Metrics()
    verifier = IdentityVerifier(*read_mesh_keys(settings.mesh_key_file))
    server = ServiceServer(settings, name=NAME, metrics=metrics, verifier=verifier)
    confined = _may_run(settings)
    directory = await asyncio.to_thread(WorkDirectory, settings.render_work_dir)
    fork_server = ForkServerClient(directory.path, os.environ)
    workshop = Workshop(fork_server, directory.path, _limits(settings))
    store = ArtifactStore(settings.artifact_store_url)
    shelf = Shelf(store, metrics, grace_seconds=settings.artifact_grace_seconds)
    version = await asyncio.to_thread(renderer_version)
    renderer = Renderer(
        workshop,
        shelf,
        Slots(settings.render_slots, metrics),
        metrics,
        version=version,
        seconds=settings.render_seconds,
        confined=confined,
    )
    checker = Checker(
        workshop, slots=settings.render_check_slots, seconds=settings.render_check_seconds, confined=confined
    )
    server.add(
        render_service_pb2_grpc.add_RenderServiceServicer_to_server,
        RenderServicer(renderer, checker),
        RENDER_SERVICE,
    )
    server.add(
        artifact_service_pb2_grpc.add_ArtifactServiceServicer_to_server,
        ArtifactServicer(shelf),
        ARTIFACT_SERVICE,
    )
    caretaker = Caretaker(
        shelf,
        fork_server,
        lambda serving: server.set_serving(RENDER_SERVICE, serving),
        sweep_seconds=settings.artifact_sweep_seconds,
        confined=confined,
    )

    async def remove_work() -> None:
        await asyncio.to_thread(directory.remove)

    server.on_start(fork_server.start)
    server.on_start(caretaker.start)
    server.on_stop(remove_work)
    server.on_stop(fork_server.stop)
    server.on_stop(caretaker.stop)
    return server


def _may_run(settings: RenderSettings) -> bool:
    """Whether children may run: the full sandbox is not there yet, so only where the weak one is allowed."""
    if settings.render_allow_weak_sandbox:
        _log.warning(
            "rendering in the weak sandbox: resource limits, a private directory and a clean environment only"
        )
        return True
    _log.error("not rendering: the sandbox is missing; RENDER_ALLOW_WEAK_SANDBOX=true renders without it")
    return False


def _limits(settings: RenderSettings) -> Limits:
    return Limits(
        cpu_seconds=settings.render_cpu_seconds,
        memory_bytes=settings.render_memory_mb * 1024**2,
        file_bytes=settings.render_file_mb * 1024**2,
    )
