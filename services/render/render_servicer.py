"""`RenderService` on the wire: proto ↔ domain, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from animathic.v1 import render_service_pb2, render_service_pb2_grpc
from services.render.checking import Checker, Source
from services.render.rendering import Done, Event, Preview, Progress, Renderer, Started
from services.render.results import as_image, as_video

__all__ = ["RENDER_SERVICE", "RenderServicer"]

RENDER_SERVICE = "animathic.v1.RenderService"


class RenderServicer(render_service_pb2_grpc.RenderServiceServicer):
    """Serves rendering, checks and compilation."""

    def __init__(self, renderer: Renderer, checker: Checker) -> None:
        self._renderer = renderer
        self._checker = checker

    async def RenderScene(  # noqa: N802 - the contract's name
        self, request: render_service_pb2.RenderSceneRequest, context: Any
    ) -> AsyncIterator[render_service_pb2.RenderSceneResponse]:
        """Renders a scene."""
        del context
        events = self._renderer.render(
            request.scene, request.options, holder=request.holder, prompt=request.prompt
        )
        async with aclosing(events):  # type: ignore[type-var]
            async for event in events:
                yield _response(event)

    async def CompileScene(  # noqa: N802 - the contract's name
        self, request: render_service_pb2.CompileSceneRequest, context: Any
    ) -> render_service_pb2.CompileSceneResponse:
        """Prints a scene as Manim source."""
        del context
        written = await self._checker.compile(_source(request))
        return render_service_pb2.CompileSceneResponse(
            source=written.source, class_name=written.class_name, storyboard=written.storyboard
        )

    async def CheckScene(  # noqa: N802 - the contract's name
        self, request: render_service_pb2.CheckSceneRequest, context: Any
    ) -> render_service_pb2.CheckSceneResponse:
        """Checks a scene."""
        del context
        checked = await self._checker.check(_source(request), request.prompt)
        return render_service_pb2.CheckSceneResponse(
            valid=checked.valid,
            issues=checked.issues,
            quality=checked.quality,
            storyboard=checked.storyboard,
        )


def _source(request: render_service_pb2.CompileSceneRequest | render_service_pb2.CheckSceneRequest) -> Source:
    if request.WhichOneof("source") == "scene":
        return Source(request.scene)
    return Source(None, request.storyboard)


def _response(event: Event) -> render_service_pb2.RenderSceneResponse:
    response = render_service_pb2.RenderSceneResponse()
    match event:
        case Started(cached, frames_total):
            response.started.cached, response.started.frames_total = cached, frames_total
        case Progress(frames_done, frames_total):
            response.progress.frames_done, response.progress.frames_total = frames_done, frames_total
        case Preview(file, width, height):
            response.preview.CopyFrom(as_image(file, width, height))
        case Done(result, quality, notes, seconds):
            response.done.video.CopyFrom(as_video(result))
            response.done.preview.CopyFrom(as_image(result.preview, result.width, result.height))
            response.done.quality.CopyFrom(quality)
            response.done.notes.extend(notes)
            response.done.elapsed.FromNanoseconds(round(seconds * 1e9))
    return response
