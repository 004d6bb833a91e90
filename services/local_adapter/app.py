"""The wiring of local_adapter: builds every object and passes it down."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os

import httpx

from animathic.scene.grammar import scene_grammar
from animathic.scene.reference import language_reference
from animathic.v1 import model_adapter_service_pb2_grpc
from services.chassis.identity import IdentityVerifier, read_mesh_keys
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.local_adapter import model_files
from services.local_adapter.backends.embedded import EmbeddedBackend
from services.local_adapter.backends.llama_process import LlamaProcess
from services.local_adapter.backends.ollama import OllamaDialect
from services.local_adapter.backends.openai import OpenAiDialect
from services.local_adapter.backends.protocol import Backend, Standing, State
from services.local_adapter.backends.remote import RemoteBackend
from services.local_adapter.config import LocalAdapterSettings
from services.local_adapter.conversation import Conversation
from services.local_adapter.description import describe
from services.local_adapter.generation import Generator
from services.local_adapter.observation import Observer
from services.local_adapter.servicer import SERVICE, ModelAdapterServicer
from services.local_adapter.slots import Slots

NAME = "local_adapter"
_CONNECT_SECONDS = 5.0
_EMBEDDED_IDLE_SECONDS = 30.0
# Where libraries and modules are found; nothing else of the environment reaches the child.
_CHILD_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


async def build(settings: LocalAdapterSettings) -> ServiceServer:
    """Builds the service within the event loop that will run it."""
    metrics = Metrics()
    verifier = IdentityVerifier(*read_mesh_keys(settings.mesh_key_file))
    server = ServiceServer(settings, name=NAME, metrics=metrics, verifier=verifier)
    client = _client(settings)
    backend = _remote(settings, client) if settings.local_infer_url else _embedded(settings, client)
    slots = Slots(settings.local_slots, settings.local_queue)
    servicer = ModelAdapterServicer(
        Generator(backend, slots, longest_seconds=settings.local_timeout_seconds),
        functools.partial(
            describe, backend, display_name=_display_name(settings), slots=settings.local_slots
        ),
        Observer(metrics, slots),
    )
    server.add(model_adapter_service_pb2_grpc.add_ModelAdapterServiceServicer_to_server, servicer, SERVICE)
    mirror = _HealthMirror(backend, server)
    server.on_start(backend.start)
    server.on_start(mirror.start)
    server.on_stop(client.aclose)
    server.on_stop(backend.stop)
    server.on_stop(mirror.stop)
    return server


def _client(settings: LocalAdapterSettings) -> httpx.AsyncClient:
    key = settings.local_infer_api_key.get_secret_value()
    remote = bool(settings.local_infer_url)
    idle = settings.local_infer_idle_seconds if remote else _EMBEDDED_IDLE_SECONDS
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {key}"} if key and remote else {},
        timeout=httpx.Timeout(idle, connect=_CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=settings.local_slots + 4),
        # A proxy that the environment names for the internet must not see what is meant for this machine.
        trust_env=False,
    )


def _embedded(settings: LocalAdapterSettings, client: httpx.AsyncClient) -> Backend:
    process = LlamaProcess(
        examine=functools.partial(model_files.examine, settings.adapter),
        client=client,
        environment={name: os.environ[name] for name in _CHILD_ENVIRONMENT if name in os.environ},
        threads=settings.local_threads,
        slots=settings.local_slots,
        context_tokens=settings.local_context_tokens,
    )
    return EmbeddedBackend(process, client, scene_grammar())


def _remote(settings: LocalAdapterSettings, client: httpx.AsyncClient) -> Backend:
    dialects = [
        dialect
        for dialect in (OllamaDialect(), OpenAiDialect())
        if settings.local_infer_api in {"auto", dialect.name}
    ]
    return RemoteBackend(
        url=settings.local_infer_url,
        dialects=dialects,
        wanted=settings.local_infer_model,
        client=client,
        secret=settings.local_infer_api_key.get_secret_value(),
        words=Conversation(language_reference()),
        grammar=scene_grammar(),
        max_tokens=settings.local_infer_max_tokens,
        context_tokens=settings.local_infer_context_tokens,
    )


def _display_name(settings: LocalAdapterSettings) -> str:
    return (
        "Local model server" if settings.local_infer_url else "Local model (SmolLM2 135M, trained on scenes)"
    )


class _HealthMirror:
    """Says SERVING for the adapter's service while the backend is ready, and only then."""

    def __init__(self, backend: Backend, server: ServiceServer) -> None:
        self._backend = backend
        self._server = server
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Shows the present state and follows it from now on."""
        self._show()
        self._task = asyncio.create_task(self._follow(), name="health-mirror")

    async def stop(self) -> None:
        """Follows no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        seen = self._show()
        while True:
            await self._backend.standing_after(seen)
            seen = self._show()

    def _show(self) -> Standing:
        standing = self._backend.standing()
        self._server.set_serving(SERVICE, standing.state is State.READY)
        return standing
