"""A real router on real sockets inside a test, with scripted adapters and a scripted render."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    artifact_service_pb2_grpc,
    event_service_pb2_grpc,
    model_adapter_service_pb2_grpc,
    model_service_pb2_grpc,
    render_service_pb2_grpc,
)
from services.chassis.channels import MeshChannel, as_principal, open_channel
from services.chassis.identity import IdentitySigner, Principal, signer_and_verifier
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.router.app import GEMINI_MODEL, LOCAL_MODEL, build
from services.router.config import RouterSettings
from tests.support.scripted_adapter import ScriptedAdapter
from tests.support.scripted_render import ScriptedRender
from tests.support.serving import settings_for_tests

FINAL = {
    animation_pb2.ANIMATION_STATE_SUCCEEDED,
    animation_pb2.ANIMATION_STATE_FAILED,
    animation_pb2.ANIMATION_STATE_CANCELLED,
}
SCOPES = frozenset({"animations.read", "animations.write", "models.read", "models.write"})


@dataclass
class Caller:
    """Somebody of a tenant, who calls the router directly."""

    channel: MeshChannel
    signer: IdentitySigner
    tenant: str
    kind: Any = "user"
    scopes: frozenset[str] = SCOPES
    animations: Any = field(init=False)
    models: Any = field(init=False)
    events: Any = field(init=False)

    def __post_init__(self) -> None:
        metadata = as_principal(self.signer, Principal(self.tenant, "ann", self.scopes, self.kind), ttl=300)
        self.animations = _Bound(animation_service_pb2_grpc.AnimationServiceStub(self.channel), metadata)
        self.models = _Bound(model_service_pb2_grpc.ModelServiceStub(self.channel), metadata)
        self.events = _Bound(event_service_pb2_grpc.EventServiceStub(self.channel), metadata)

    async def create(self, prompt: str = "a red circle", **options: Any) -> animation_pb2.Animation:
        """Creates an animation from a prompt."""
        request_id = options.pop("request_id", "")
        wanted = animation_pb2.Animation(prompt=prompt, options=animation_pb2.AnimationOptions(**options))
        request = animation_service_pb2.CreateAnimationRequest(animation=wanted, request_id=request_id)
        return await self.animations.CreateAnimation(request)

    async def get(self, name: str) -> animation_pb2.Animation:
        """Reads an animation."""
        return await self.animations.GetAnimation(animation_service_pb2.GetAnimationRequest(name=name))

    async def snapshots(self, name: str, after_revision: int = 0) -> list[animation_pb2.Animation]:
        """Watches an animation to its end."""
        request = animation_service_pb2.WatchAnimationRequest(name=name, after_revision=after_revision)
        return [response.animation async for response in self.animations.WatchAnimation(request)]

    async def end_of(self, name: str) -> animation_pb2.Animation:
        """Waits for the end of an animation."""
        return (await self.snapshots(name))[-1]

    async def until(self, name: str, state: int) -> animation_pb2.Animation:
        """Waits until an animation is in a state."""
        while (animation := await self.get(name)).state != state:
            if animation.state in FINAL:
                raise AssertionError(f"ended as {animation}")
            await asyncio.sleep(0.02)
        return animation


class _Bound:
    """A stub whose calls carry metadata and a timeout."""

    def __init__(self, stub: Any, metadata: Sequence[tuple[str, str]]) -> None:
        self._stub = stub
        self._metadata = metadata

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._stub, name)

        def call(request: Any, **options: Any) -> Any:
            return method(request, **({"metadata": self._metadata, "timeout": 20} | options))

        return call


class RouterHarness:
    """Scripted neighbours, and as many routers as a test starts."""

    def __init__(self, folder: Path, new_database: Callable[[], str], stack: AsyncExitStack) -> None:
        self.folder = folder
        self.new_database = new_database
        self.local = ScriptedAdapter(LOCAL_MODEL)
        self.gemini = ScriptedAdapter(GEMINI_MODEL, remote=True)
        self.render = ScriptedRender()
        key = secrets.token_bytes(32)
        self.key_file = folder / "mesh.key"
        self.key_file.write_text(key.hex())
        self.signer, self.verifier = signer_and_verifier([key], "test")
        self._stack = stack
        self._targets: dict[str, str] = {}

    def reset(self) -> None:
        """Forgets what was scripted and what was asked."""
        for adapter in (self.local, self.gemini):
            adapter.reset()
        self.render.reset()

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """What is started inside is stopped at its end."""
        outer = self._stack
        async with AsyncExitStack() as stack:
            self._stack = stack
            try:
                yield
            finally:
                self._stack = outer

    async def start_neighbours(self) -> None:
        """Starts adapters and render."""
        for name, servicer in (("local", self.local), ("gemini", self.gemini)):
            adder = model_adapter_service_pb2_grpc.add_ModelAdapterServiceServicer_to_server
            self._targets[name] = await self._serve(
                name, [(adder, servicer, "animathic.v1.ModelAdapterService")]
            )
        self._targets["render"] = await self._serve(
            "render",
            [
                (
                    render_service_pb2_grpc.add_RenderServiceServicer_to_server,
                    self.render,
                    "animathic.v1.RenderService",
                ),
                (
                    artifact_service_pb2_grpc.add_ArtifactServiceServicer_to_server,
                    self.render.artifacts,
                    "animathic.v1.ArtifactService",
                ),
            ],
        )

    async def _serve(self, name: str, parts: Sequence[tuple[Any, Any, str]]) -> str:
        server = ServiceServer(settings_for_tests(), name=name, metrics=Metrics(), verifier=self.verifier)
        for adder, servicer, service in parts:
            server.add(adder, servicer, service)
        await self._keep(server)
        return f"127.0.0.1:{server.port}"

    async def _keep(self, server: ServiceServer) -> None:
        async def stop() -> None:
            await server.stop(at_once=True)

        await server.start()
        self._stack.push_async_callback(stop)

    def settings(self, **changes: Any) -> RouterSettings:
        """Settings of a router before these neighbours, in a hurry."""
        values: dict[str, Any] = {
            "grpc_listen": "127.0.0.1:0",
            "admin_listen": "127.0.0.1:0",
            "mesh_key_file": self.key_file,
            "render_target": self._targets["render"],
            "local_adapter_target": self._targets["local"],
            "gemini_adapter_target": self._targets["gemini"],
            "poll_seconds": 0.05,
            "progress_seconds": 0.02,
            "model_poll_seconds": 0.1,
            "sweep_seconds": 0.05,
            "release_retry_seconds": 0.2,
            # Long enough for a busy machine; tests of expiry set their own.
            "lease_seconds": 10.0,
            "renew_seconds": 0.5,
            "drain_seconds": 5,
            "handback_seconds": 0.1,
        }
        return RouterSettings(_env_file=None, **(values | changes))

    async def start_router(self, **changes: Any) -> ServiceServer:
        """Starts a router, on a database of its own unless one is given."""
        changes.setdefault("database_url", self.new_database())
        server = await build(self.settings(**changes))
        await self._keep(server)
        return server

    async def caller(self, server: ServiceServer, tenant: str = "acme", **options: Any) -> Caller:
        """Somebody who calls a router."""
        channel = open_channel(f"127.0.0.1:{server.port}", signer=self.signer)
        self._stack.push_async_callback(channel.close)
        return Caller(channel, self.signer, tenant, **options)


@asynccontextmanager
async def router_harness(folder: Path, new_database: Callable[[], str]) -> AsyncIterator[RouterHarness]:
    """Starts the neighbours; all that is started is stopped at the end."""
    async with AsyncExitStack() as stack:
        harness = RouterHarness(folder, new_database, stack)
        await harness.start_neighbours()
        yield harness
