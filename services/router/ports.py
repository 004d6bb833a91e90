"""What the router needs of other services, as the domain sees it. Failures are `MeshError`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from animathic.v1 import (
    artifact_pb2,
    model_adapter_service_pb2,
    render_service_pb2,
)


class ModelPort(Protocol):
    """One model behind its adapter."""

    def generate(
        self, request: model_adapter_service_pb2.GenerateSceneRequest, *, tenant: str, timeout: float
    ) -> AsyncIterator[model_adapter_service_pb2.GenerateSceneResponse]:
        """Asks the model; never repeated by the transport."""
        ...

    async def describe(self) -> model_adapter_service_pb2.DescribeModelResponse:
        """What the model is and whether it serves."""
        ...


class RenderPort(Protocol):
    """The render service."""

    def render(
        self, request: render_service_pb2.RenderSceneRequest, *, tenant: str, timeout: float
    ) -> AsyncIterator[render_service_pb2.RenderSceneResponse]:
        """Renders a scene; a repeated call goes to the next replica."""
        ...

    async def replicas(self) -> int:
        """How many replicas there are, at least 1."""
        ...


class ArtifactPort(Protocol):
    """The files of the render service."""

    async def release(self, holder: str, *, tenant: str) -> None:
        """Lets go of everything that `holder` holds; doing it twice is fine."""
        ...

    def read(
        self, key: str, *, tenant: str, offset: int, limit: int
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        """Streams an artifact."""
        ...
