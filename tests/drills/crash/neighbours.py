"""The services around the routers: adapters and a render that never die, and keep the books.

One set serves all seeds. What an animation meets is said by the word `kind` in its prompt:
`a red circle [key kind]`.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from animathic.v1 import (
    artifact_service_pb2_grpc,
    model_adapter_service_pb2_grpc,
    render_service_pb2_grpc,
)
from animathic.v1 import model_adapter_service_pb2 as adapter_pb
from animathic.v1 import render_service_pb2 as render_pb
from services.chassis.errors import Code, MeshError
from services.chassis.identity import IdentityVerifier
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.router.app import GEMINI_MODEL, LOCAL_MODEL
from tests.support.scripted_adapter import Answer, Decline, Invalid, ScriptedAdapter, result_of
from tests.support.scripted_render import ScriptedRender, slots_taken
from tests.support.serving import settings_for_tests

_TAG = re.compile(r"\[(\S+) (\S+)\]")


def tag_of(prompt: str) -> tuple[str, str]:
    """Key and kind of a prompt; a scene of the caller's own has no prompt."""
    found = _TAG.search(prompt)
    return (found[1], found[2]) if found else ("", "scene")


class DrillAdapter(ScriptedAdapter):
    """Answers by kind, however often it is asked."""

    def __init__(self, model: str, calls: Counter[str], *, remote: bool = False) -> None:
        super().__init__(model, remote=remote)
        self._calls = calls

    async def GenerateScene(  # noqa: N802
        self, request: adapter_pb.GenerateSceneRequest, context: Any
    ) -> AsyncIterator[adapter_pb.GenerateSceneResponse]:
        key, kind = tag_of(request.prompt)
        # From here it is paid.
        self._calls[key] += 1
        yield adapter_pb.GenerateSceneResponse(accepted=adapter_pb.GenerationAccepted(model_version="v1"))
        for tokens in range(1, 4):
            await asyncio.sleep(random.uniform(0.005, 0.03))
            yield adapter_pb.GenerateSceneResponse(
                progress=adapter_pb.GenerationProgress(output_tokens=tokens)
            )
        step: Answer | Invalid | Decline = Answer()
        if kind == "repair" and not request.HasField("repair"):
            step = Invalid()
        elif kind == "declined" or (kind == "fallback" and not self._remote):
            step = Decline()
        result = result_of(step)
        if isinstance(step, Answer):
            # Each animation has a video of its own, so that each can be orphaned.
            result.scene.title = key
        yield adapter_pb.GenerateSceneResponse(result=result)


class DrillRender(ScriptedRender):
    """Renders in a moment; `busy` and `breaks` happen once to each animation of that kind."""

    def __init__(self) -> None:
        super().__init__()
        self._met: set[str] = set()
        self.refuse_release: set[str] = set()

    async def RenderScene(  # noqa: N802
        self, request: render_pb.RenderSceneRequest, context: Any
    ) -> AsyncIterator[render_pb.RenderSceneResponse]:
        key, kind = tag_of(request.prompt)
        first = key not in self._met
        self._met.add(key)
        if kind == "busy" and first:
            raise slots_taken()
        if kind == "breaks" and first:
            yield render_pb.RenderSceneResponse(started=render_pb.RenderStarted())
            raise MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "gone")
        async for response in super().RenderScene(request, context):
            await asyncio.sleep(random.uniform(0.005, 0.04))
            yield response


class Neighbours:
    """Adapters and render, on real sockets."""

    def __init__(self, verifier: IdentityVerifier) -> None:
        self.calls: Counter[str] = Counter()
        self.render = DrillRender()
        self._verifier = verifier
        self._servers: list[ServiceServer] = []
        self.targets: dict[str, str] = {}

    async def start(self) -> None:
        """Starts them."""
        adder = model_adapter_service_pb2_grpc.add_ModelAdapterServiceServicer_to_server
        service = "animathic.v1.ModelAdapterService"
        local = DrillAdapter(LOCAL_MODEL, self.calls)
        gemini = DrillAdapter(GEMINI_MODEL, self.calls, remote=True)
        await self._serve("local_adapter_target", [(adder, local, service)])
        await self._serve("gemini_adapter_target", [(adder, gemini, service)])
        add_render = render_service_pb2_grpc.add_RenderServiceServicer_to_server
        add_artifacts = artifact_service_pb2_grpc.add_ArtifactServiceServicer_to_server
        await self._serve(
            "render_target",
            [
                (add_render, self.render, "animathic.v1.RenderService"),
                (add_artifacts, self.render.artifacts, "animathic.v1.ArtifactService"),
            ],
        )

    async def _serve(self, name: str, parts: list[tuple[Any, Any, str]]) -> None:
        server = ServiceServer(settings_for_tests(), name=name, metrics=Metrics(), verifier=self._verifier)
        for part in parts:
            server.add(*part)
        await server.start()
        self._servers.append(server)
        self.targets[name] = f"127.0.0.1:{server.port}"

    async def stop(self) -> None:
        """Stops them."""
        for server in self._servers:
            await server.stop(at_once=True)
