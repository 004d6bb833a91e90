"""`ArtifactService` on the wire: proto ↔ domain, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf import empty_pb2

from animathic.v1 import artifact_pb2, artifact_service_pb2, artifact_service_pb2_grpc
from services.chassis.errors import Code, MeshError
from services.render.results import content_type
from services.render.shelf import Shelf

__all__ = ["ARTIFACT_SERVICE", "ArtifactServicer"]

ARTIFACT_SERVICE = "animathic.v1.ArtifactService"


class ArtifactServicer(artifact_service_pb2_grpc.ArtifactServiceServicer):
    """Serves stored videos and pictures."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def ReadArtifact(  # noqa: N802 - the contract's name
        self, request: artifact_service_pb2.ReadArtifactRequest, context: Any
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        """Streams an artifact; the first response describes it."""
        del context
        file = await self._shelf.describe(request.key)
        if request.read_offset > file.size:
            raise MeshError(
                Code.OUT_OF_RANGE,
                "RANGE_INVALID",
                f"The artifact has {file.size} bytes: begin at one of them.",
                metadata={"size": str(file.size)},
            )
        yield artifact_pb2.DownloadResponse(
            artifact=artifact_pb2.ArtifactRef(
                key=file.key,
                sha256=file.sha256,
                size_bytes=file.size,
                content_type=content_type(file.key),
            )
        )
        async for chunk in self._shelf.read(request.key, request.read_offset, request.read_limit):
            yield artifact_pb2.DownloadResponse(data=chunk)

    async def HoldArtifact(  # noqa: N802 - the contract's name
        self, request: artifact_service_pb2.HoldArtifactRequest, context: Any
    ) -> empty_pb2.Empty:
        """Adds a holder."""
        del context
        await self._shelf.hold(request.key, request.holder)
        return empty_pb2.Empty()

    async def ReleaseArtifact(  # noqa: N802 - the contract's name
        self, request: artifact_service_pb2.ReleaseArtifactRequest, context: Any
    ) -> empty_pb2.Empty:
        """Removes a holder from all that it holds."""
        del context
        await self._shelf.let_go(request.holder)
        return empty_pb2.Empty()
