"""A running gateway before a fake router, once per module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from animathic.v1 import animation_service_pb2_grpc, model_service_pb2_grpc
from services.chassis.identity import IdentityVerifier
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.gateway.api_keys import KeyFile, new_key
from services.gateway.app import Gateway, build_gateway
from services.gateway.config import GatewaySettings
from tests.contract.gateway.fake_router import FakeAnimations, FakeModels
from tests.support.serving import settings_for_tests


@dataclass
class Running:
    """A gateway and what stands behind it."""

    gateway: Gateway
    router: FakeAnimations
    keys: dict[str, str]
    key_file: Path
    metrics: Metrics

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.http.port}"

    @property
    def grpc_target(self) -> str:
        return f"127.0.0.1:{self.gateway.server.port}"

    def headers(self, who: str = "ann") -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[who]}"}

    def client(self, who: str | None = "ann") -> httpx.AsyncClient:
        """A client that sends a key; None sends none."""
        return httpx.AsyncClient(
            base_url=self.url, headers=self.headers(who) if who else {}, timeout=10, trust_env=False
        )


def write_keys(path: Path) -> dict[str, str]:
    """Keys of two tenants, and one that may only read."""
    now = datetime.now(UTC)
    wanted = {
        "ann": ("acme", ["*"]),
        "bob": ("other", ["*"]),
        "reader": ("acme", ["animations.read"]),
    }
    made = {name: new_key(tenant, name, scopes, now=now) for name, (tenant, scopes) in wanted.items()}
    path.write_text(KeyFile(keys=tuple(entry for _, entry in made.values())).model_dump_json())
    return {name: key for name, (key, _) in made.items()}


def gateway_settings(folder: Path, key_file: Path | None, router: int, **changes: object) -> GatewaySettings:
    """Settings with free ports."""
    values: dict[str, object] = {
        "grpc_listen": "127.0.0.1:0",
        "http_listen": "127.0.0.1:0",
        "admin_listen": "127.0.0.1:0",
        "mesh_key_file": folder / "mesh.key",
        "router_target": f"127.0.0.1:{router}",
        "render_target": "127.0.0.1:1",
        "api_keys_file": key_file,
        "api_keys_poll_seconds": 0.05,
        "endpoint_seconds": 0,
        "drain_seconds": 2,
        "heartbeat_seconds": 1,
    }
    return GatewaySettings(_env_file=None, **(values | changes))  # type: ignore[call-arg]


async def start_router(mesh_key: bytes) -> tuple[ServiceServer, FakeAnimations]:
    """The fake router on a port of its own."""
    router = ServiceServer(
        settings_for_tests(), name="router", metrics=Metrics(), verifier=IdentityVerifier(mesh_key)
    )
    animations = FakeAnimations()
    router.add(
        animation_service_pb2_grpc.add_AnimationServiceServicer_to_server,
        animations,
        "animathic.v1.AnimationService",
    )
    router.add(
        model_service_pb2_grpc.add_ModelServiceServicer_to_server, FakeModels(), "animathic.v1.ModelService"
    )
    await router.start()
    return router, animations


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(mesh_key: bytes, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A gateway with keys of two tenants, before a fake router."""
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "mesh.key").write_text(mesh_key.hex())
    keys = write_keys(folder / "keys.json")
    router, animations = await start_router(mesh_key)
    gateway = build_gateway(gateway_settings(folder, folder / "keys.json", router.port))
    try:
        await gateway.server.start()
        yield Running(gateway, animations, keys, folder / "keys.json", gateway.server.metrics)
    finally:
        await gateway.server.stop(at_once=True)
        await router.stop(at_once=True)
        await asyncio.sleep(0)


@pytest_asyncio.fixture(loop_scope="module")
async def client(mesh: Running) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with ann's key."""
    async with mesh.client() as client:
        yield client
