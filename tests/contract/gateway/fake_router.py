"""A router that keeps animations in memory: what the gateway's tests call through both doors."""

# ruff: noqa: N802 - rpc methods are named as in the contract

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    artifact_pb2,
    model_service_pb2,
    model_service_pb2_grpc,
)
from services.chassis.errors import Code, MeshError
from services.chassis.identity import current_principal
from services.chassis.tracing import current_traceparent

VIDEO = bytes(range(256)) * 2345
SHA256 = hashlib.sha256(VIDEO).hexdigest()
CHUNK = 64 * 1024


@dataclass
class Seen:
    """What the router has seen of its callers."""

    traceparents: list[str] = field(default_factory=list)
    deadlines: list[float | None] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    watches: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    downloaded: int = 0
    creates: int = 0


class FakeAnimations(animation_service_pb2_grpc.AnimationServiceServicer):
    """Prompts steer it: `slow`, `full`, `broken`; names steer watches and downloads."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._animations: dict[tuple[str, str], animation_pb2.Animation] = {}

    async def CreateAnimation(
        self, request: animation_service_pb2.CreateAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        principal = current_principal()
        self.seen.traceparents.append(current_traceparent())
        self.seen.deadlines.append(context.time_remaining())
        self.seen.subjects.append(principal.subject)
        self.seen.creates += 1
        if request.animation.prompt == "full":
            raise MeshError(Code.RESOURCE_EXHAUSTED, "TENANT_QUEUE_FULL", "Wait and retry.", retry_after=7.2)
        if request.animation.prompt == "broken":
            raise RuntimeError("a secret of the implementation")
        if request.animation.prompt == "unavailable":
            raise MeshError(Code.UNAVAILABLE, "DATABASE_UNAVAILABLE", "Retry.", retry_after=1)
        if request.animation.prompt == "slow":
            try:
                await asyncio.sleep(30)
            finally:
                self.seen.left.set()
        name = f"animations/{hashlib.sha256(request.SerializeToString()).hexdigest()[:12]}"
        animation = animation_pb2.Animation(
            name=name,
            prompt=request.animation.prompt,
            options=request.animation.options,
            state=animation_pb2.ANIMATION_STATE_PENDING,
            tenant=principal.tenant,
            creator=principal.subject,
            revision=1,
            etag=request.request_id,
        )
        animation.create_time.FromJsonString("2026-01-31T12:00:00Z")
        self._animations[principal.tenant, name] = animation
        return animation

    async def GetAnimation(
        self, request: animation_service_pb2.GetAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        return self._find(request.name)

    async def WatchAnimation(
        self, request: animation_service_pb2.WatchAnimationRequest, context: Any
    ) -> AsyncIterator[animation_service_pb2.WatchAnimationResponse]:
        animation = self._find(request.name)
        self.seen.watches += 1
        try:
            first = max(1, request.after_revision + 1)
            for revision in range(first, max(first, 4)):
                await asyncio.sleep(0.01)
                snapshot = animation_pb2.Animation()
                snapshot.CopyFrom(animation)
                snapshot.revision = revision
                snapshot.state = (
                    animation_pb2.ANIMATION_STATE_SUCCEEDED
                    if revision == 3
                    else animation_pb2.ANIMATION_STATE_RENDERING
                )
                yield animation_service_pb2.WatchAnimationResponse(animation=snapshot)
                if animation.prompt == "breaks" and revision == 2:
                    raise MeshError(Code.UNAVAILABLE, "DATABASE_UNAVAILABLE", "Watch again.", retry_after=2)
                if animation.prompt == "endless":
                    await asyncio.sleep(30)
        finally:
            self.seen.left.set()

    async def CancelAnimation(
        self, request: animation_service_pb2.CancelAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        animation = self._find(request.name)
        animation.cancel_requested = True
        return animation

    async def DeleteAnimation(
        self, request: animation_service_pb2.DeleteAnimationRequest, context: Any
    ) -> empty_pb2.Empty:
        self._find(request.name)
        del self._animations[current_principal().tenant, request.name]
        return empty_pb2.Empty()

    async def DownloadVideo(
        self, request: animation_service_pb2.DownloadVideoRequest, context: Any
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        size, offset = len(VIDEO), request.read_offset
        if request.name == "animations/none":
            raise MeshError(Code.FAILED_PRECONDITION, "VIDEO_NOT_READY", "Wait for it.")
        if offset >= size and request.name != "animations/lenient":
            raise MeshError(Code.OUT_OF_RANGE, "RANGE_INVALID", f"It has {size} bytes.")
        end = min(size, offset + request.read_limit) if request.read_limit else size
        yield artifact_pb2.DownloadResponse(
            artifact=artifact_pb2.ArtifactRef(
                key=f"videos/aa/{SHA256}.mp4", sha256=SHA256, size_bytes=size, content_type="video/mp4"
            )
        )
        try:
            for begin in range(offset, end, CHUNK):
                if request.name == "animations/breaks" and begin > offset:
                    raise MeshError(Code.UNAVAILABLE, "STORE_UNAVAILABLE", "Retry.")
                if request.name == "animations/endless":
                    await asyncio.sleep(0.02)
                data = VIDEO[begin : min(end, begin + CHUNK)]
                self.seen.downloaded += len(data)
                yield artifact_pb2.DownloadResponse(data=data)
                if request.name == "animations/endless" and begin > offset:
                    await asyncio.sleep(30)
        finally:
            self.seen.left.set()

    def _find(self, name: str) -> animation_pb2.Animation:
        found = self._animations.get((current_principal().tenant, name))
        if found is None:
            raise MeshError(Code.NOT_FOUND, "ANIMATION_NOT_FOUND", f"There is no {name}. List yours.")
        return found


class FakeModels(model_service_pb2_grpc.ModelServiceServicer):
    """Two models and their aliases."""

    async def ListModels(
        self, request: model_service_pb2.ListModelsRequest, context: Any
    ) -> model_service_pb2.ListModelsResponse:
        names = ["models/local-trained", "models/gemini-2.5-flash"]
        return model_service_pb2.ListModelsResponse(
            models=[model_service_pb2.Model(name=name) for name in names[: request.page_size or 2]],
            next_page_token=request.page_token,
        )

    async def UpdateModelAlias(
        self, request: model_service_pb2.UpdateModelAliasRequest, context: Any
    ) -> model_service_pb2.ModelAlias:
        return request.model_alias
