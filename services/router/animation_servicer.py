# ruff: noqa: N802, ARG002 - names and arguments are gRPC's
"""AnimationService: requests to orders, rows to resources."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.message import Message

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    artifact_pb2,
)
from services.chassis.errors import Code, FieldViolation, MeshError
from services.chassis.identity import Principal, current_principal
from services.chassis.tracing import current_traceparent
from services.router.ports import ArtifactPort
from services.router.routing.models import ModelRegistry
from services.router.scenes import Reading, SceneLanguage
from services.router.store.intake import Intake, Order
from services.router.store.reading import Reader
from services.router.store.records import Record, state_name, to_animation
from services.router.store.removals import Removals
from services.router.telemetry import Telemetry
from services.router.watch import WatchHub


class AnimationServicer(animation_service_pb2_grpc.AnimationServiceServicer):
    """Serves animations of the caller's tenant.

    Args:
        intake: Stores new ones.
        reader: Reads them.
        removals: Cancels and deletes them.
        hub: Watches them.
        artifacts: Their files.
        models: The models that a request may name.
        language: Checks scenes that callers bring.
        telemetry: What counts.
        nudge: Tells the scheduler that there is work.
    """

    def __init__(
        self,
        intake: Intake,
        reader: Reader,
        removals: Removals,
        hub: WatchHub,
        artifacts: ArtifactPort,
        models: ModelRegistry,
        language: SceneLanguage,
        telemetry: Telemetry,
        nudge: Callable[[], None],
    ) -> None:
        self._intake = intake
        self._reader = reader
        self._removals = removals
        self._hub = hub
        self._artifacts = artifacts
        self._models = models
        self._language = language
        self._telemetry = telemetry
        self._nudge = nudge

    async def CreateAnimation(
        self, request: animation_service_pb2.CreateAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        """Accepts a prompt or a scene."""
        wanted = request.animation
        caller = _caller()
        options = animation_pb2.AnimationOptions()
        options.CopyFrom(wanted.options)
        self._check_model(options.model, "animation.options.model")
        source = wanted.WhichOneof("source")
        await self._check_scene(wanted)
        order = Order(
            id=uuid.uuid4().hex,
            tenant=caller.tenant,
            creator=caller.subject,
            request_id=request.request_id,
            request_hash=_hash("create", _essence(wanted)),
            options=options,
            prompt=wanted.prompt,
            source_scene=wanted.source_scene if source == "source_scene" else None,
            source_storyboard=wanted.source_storyboard if source == "source_storyboard" else None,
            traceparent=current_traceparent() or None,
        )
        return await self._accept(order, "prompt" if source == "prompt" else "scene")

    async def RefineAnimation(
        self, request: animation_service_pb2.RefineAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        """Accepts an edit of an animation that has a scene."""
        caller = _caller()
        self._check_model(request.options.model, "options.model")
        asked = animation_service_pb2.RefineAnimationRequest()
        asked.CopyFrom(request)
        asked.ClearField("request_id")
        order = Order(
            id=uuid.uuid4().hex,
            tenant=caller.tenant,
            creator=caller.subject,
            request_id=request.request_id,
            request_hash=_hash("refine", asked),
            options=request.options,
            prompt=request.prompt,
            parent=_id(request.name),
            traceparent=current_traceparent() or None,
        )
        # A repeated request is answered as before, also where its parent is gone by now.
        earlier = await self._intake.find(order)
        if earlier is not None:
            return await self._answer(earlier)
        parent, _ = await self._reader.get(caller.tenant, _id(request.name))
        if not parent.storyboard:
            raise MeshError(
                Code.FAILED_PRECONDITION,
                "PARENT_WITHOUT_SCENE",
                f"{parent.name} has no scene to start from: wait until it is rendered, "
                "or create a new animation",
            )
        kept = request.options if request.HasField("options") else parent.options
        order = replace(order, options=kept, parent_storyboard=parent.storyboard)
        return await self._accept(order, "refine")

    async def GetAnimation(
        self, request: animation_service_pb2.GetAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        """Reads an animation."""
        record, attempts = await self._reader.get(_caller().tenant, _id(request.name))
        return to_animation(record, attempts)

    async def WatchAnimation(
        self, request: animation_service_pb2.WatchAnimationRequest, context: Any
    ) -> AsyncIterator[animation_service_pb2.WatchAnimationResponse]:
        """Streams snapshots until the end."""
        snapshots = self._hub.watch(_caller().tenant, _id(request.name), request.after_revision)
        async with aclosing(snapshots):
            async for snapshot in snapshots:
                yield animation_service_pb2.WatchAnimationResponse(animation=snapshot)

    async def CancelAnimation(
        self, request: animation_service_pb2.CancelAnimationRequest, context: Any
    ) -> animation_pb2.Animation:
        """Asks for an end."""
        record, attempts = await self._removals.cancel(_caller().tenant, _id(request.name), request.etag)
        self._nudge()
        return to_animation(record, attempts)

    async def DeleteAnimation(
        self, request: animation_service_pb2.DeleteAnimationRequest, context: Any
    ) -> empty_pb2.Empty:
        """Ends an animation if need be, and removes its content."""
        await self._removals.delete(_caller().tenant, _id(request.name), request.etag)
        return empty_pb2.Empty()

    async def DownloadVideo(
        self, request: animation_service_pb2.DownloadVideoRequest, context: Any
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        """Streams the video."""
        record, _ = await self._reader.get(_caller().tenant, _id(request.name))
        animation = to_animation(record, [])
        if not animation.HasField("video"):
            raise _not_ready(record, "video")
        stream = self._download(record, animation.video.artifact, request)
        async with aclosing(stream):
            async for response in stream:
                yield response

    async def DownloadPreview(
        self, request: animation_service_pb2.DownloadPreviewRequest, context: Any
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        """Streams the preview picture."""
        record, _ = await self._reader.get(_caller().tenant, _id(request.name))
        if record.preview is None or not record.preview.artifact.key:
            raise _not_ready(record, "preview")
        stream = self._download(record, record.preview.artifact, request)
        async with aclosing(stream):
            async for response in stream:
                yield response

    def _download(self, record: Record, artifact: artifact_pb2.ArtifactRef, request: Any) -> Any:
        return self._artifacts.read(
            artifact.key, tenant=record.tenant, offset=request.read_offset, limit=request.read_limit
        )

    async def _accept(self, order: Order, source: str) -> animation_pb2.Animation:
        record, is_new = await self._intake.create(order)
        if not is_new:
            return await self._answer(record)
        self._telemetry.created(source)
        self._nudge()
        return to_animation(record, [])

    async def _answer(self, record: Record) -> animation_pb2.Animation:
        """What a repeated create is answered with: the animation as it is now."""
        if record.deleted_at is not None:
            return to_animation(record, [])
        return to_animation(*await self._reader.get(record.tenant, record.id))

    def _check_model(self, model: str, field: str) -> None:
        if not model:
            return
        try:
            self._models.get(model)
        except MeshError as error:
            raise MeshError(
                Code.INVALID_ARGUMENT,
                error.reason,
                error.message,
                violations=[FieldViolation(field, error.message, error.reason)],
            ) from error

    async def _check_scene(self, wanted: animation_pb2.Animation) -> None:
        source = wanted.WhichOneof("source")
        reading: Reading
        # Off the event loop: a large scene takes a while.
        if source == "source_scene":
            reading = await asyncio.to_thread(self._language.check, wanted.source_scene)
        elif source == "source_storyboard":
            reading = await asyncio.to_thread(self._language.read, wanted.source_storyboard)
        else:
            return
        if not reading.valid:
            raise reading.error(f"animation.{source}")


def _caller() -> Principal:
    caller = current_principal()
    if not caller.tenant:
        raise MeshError(
            Code.PERMISSION_DENIED,
            "SCOPE_MISSING",
            "the call names no tenant: a service that calls for somebody names whose work it is",
        )
    return caller


def _id(name: str) -> str:
    return name.removeprefix("animations/")


def _essence(animation: animation_pb2.Animation) -> animation_pb2.Animation:
    """What of a create is read: the source and the options."""
    essence = animation_pb2.Animation(options=animation.options)
    source = animation.WhichOneof("source")
    if source == "source_scene":
        essence.source_scene.CopyFrom(animation.source_scene)
    elif source is not None:
        setattr(essence, source, getattr(animation, source))
    return essence


def _hash(kind: str, message: Message) -> str:
    return hashlib.sha256(kind.encode() + b"\0" + message.SerializeToString(deterministic=True)).hexdigest()


def _not_ready(record: Record, what: str) -> MeshError:
    state = state_name(record.state)
    advice = "it has ended without one" if record.is_final else "watch it until it has SUCCEEDED"
    return MeshError(
        Code.FAILED_PRECONDITION,
        "VIDEO_NOT_READY",
        f"{record.name} has no {what} (state {state}): {advice}",
        metadata={"state": state},
    )
