"""The client: one method per thing that a caller can ask of the mesh."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from animathic.client import downloads, watching
from animathic.client.calls import Caller, open_channel
from animathic.client.config import ClientConfig
from animathic.client.downloads import Downloaded, Writer
from animathic.client.errors import AnimathicError, FieldViolation, unreachable
from animathic.client.watching import has_ended
from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    model_service_pb2,
    model_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
    scene_pb2,
)

__all__ = ["Client", "has_ended"]


class Client:
    """A connection to a mesh. Use it as `async with Client() as client:`.

    Calls are repeated while the mesh is unavailable; a create or refine carries a `request_id`, so that a
    repetition never makes a second animation. All methods raise `AnimathicError`.
    """

    def __init__(self, config: ClientConfig | None = None) -> None:
        """Makes the client; nothing is connected yet.

        Args:
            config: Where and how; none reads the environment.
        """
        self._config = config or ClientConfig.from_environment()
        self._caller = Caller(self._config)
        self._channel = open_channel(self._config)
        self._animations = animation_service_pb2_grpc.AnimationServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        self._scenes = render_service_pb2_grpc.RenderServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self, *, patience: float = 5.0) -> None:
        """Connects now, instead of at the first call, to learn early of a mesh that is not there.

        Args:
            patience: Seconds to wait.

        Raises:
            AnimathicError: `GATEWAY_UNREACHABLE`.
        """
        try:
            async with asyncio.timeout(patience):
                await self._channel.channel_ready()
        except TimeoutError:
            raise unreachable(self._config.target) from None

    async def close(self) -> None:
        """Ends all calls and the connection."""
        await self._channel.close()

    # ------------------------------------------------------------------ animations

    async def create_animation(
        self,
        *,
        prompt: str = "",
        scene: scene_pb2.Scene | None = None,
        storyboard: str = "",
        options: animation_pb2.AnimationOptions | None = None,
        request_id: str = "",
    ) -> animation_pb2.Animation:
        """Asks for an animation and returns at once; `watch` tells what becomes of it.

        Args:
            prompt: What to show, in words.
            scene: Or a scene as data: no model is asked.
            storyboard: Or the same as storyboard text.
            options: How to make it; see `animation_options`.
            request_id: Names this request, so that a repetition is none; empty makes a new one.

        Raises:
            AnimathicError: The mesh refused, or not exactly one of prompt, scene and storyboard was given.
        """
        if sum((bool(prompt), scene is not None, bool(storyboard))) > 1:
            message = "give one of prompt, scene and storyboard"
            raise AnimathicError(
                grpc.StatusCode.INVALID_ARGUMENT,
                "FIELD_INVALID",
                message,
                violations=[FieldViolation("animation.source", message)],
            )
        animation = animation_pb2.Animation(options=options)
        if scene is not None:
            animation.source_scene.MergeFrom(scene)
        elif storyboard:
            animation.source_storyboard = storyboard
        else:
            animation.prompt = prompt  # empty as well: the server says what to write
        request = animation_service_pb2.CreateAnimationRequest(
            animation=animation, request_id=request_id or uuid.uuid4().hex
        )
        return await self._caller.call(self._animations.CreateAnimation, request)

    async def get_animation(self, name: str) -> animation_pb2.Animation:
        """Reads an animation.

        Args:
            name: `animations/…`, or the id alone.
        """
        request = animation_service_pb2.GetAnimationRequest(name=_animation(name))
        return await self._caller.call(self._animations.GetAnimation, request)

    def watch(self, name: str, *, after_revision: int = 0) -> AsyncIterator[animation_pb2.Animation]:
        """Snapshots of an animation until it has ended, across broken connections.

        Args:
            name: `animations/…`, or the id alone.
            after_revision: Only what is newer than this; 0 begins with the current one.
        """

        def open_stream(revision: int) -> watching.WatchStream:
            return self._animations.WatchAnimation(
                animation_service_pb2.WatchAnimationRequest(name=_animation(name), after_revision=revision),
                timeout=self._config.watch_timeout,
                metadata=self._caller.metadata,
            )

        return watching.watch(open_stream, self._caller, after_revision=after_revision)

    async def wait(self, name: str) -> animation_pb2.Animation:
        """Waits until an animation has ended and returns it, however it ended.

        Args:
            name: `animations/…`, or the id alone.
        """
        last = None
        async for animation in self.watch(name):
            last = animation
        return last if last is not None else await self.get_animation(name)

    async def cancel_animation(self, name: str, *, etag: str = "") -> animation_pb2.Animation:
        """Asks for an end of an animation.

        Args:
            name: `animations/…`, or the id alone.
            etag: Only if this is still its etag.
        """
        request = animation_service_pb2.CancelAnimationRequest(name=_animation(name), etag=etag)
        return await self._caller.call(self._animations.CancelAnimation, request)

    async def delete_animation(self, name: str, *, etag: str = "") -> None:
        """Cancels an animation if need be and removes its content.

        Args:
            name: `animations/…`, or the id alone.
            etag: Only if this is still its etag.
        """
        request = animation_service_pb2.DeleteAnimationRequest(name=_animation(name), etag=etag)
        await self._caller.call(self._animations.DeleteAnimation, request)

    async def refine_animation(
        self,
        name: str,
        prompt: str,
        *,
        options: animation_pb2.AnimationOptions | None = None,
        request_id: str = "",
    ) -> animation_pb2.Animation:
        """Creates a new animation from the scene of another and an edit in words.

        Args:
            name: The animation to start from.
            prompt: What to change.
            options: How to make it; none keeps those of the first.
            request_id: As for `create_animation`.
        """
        request = animation_service_pb2.RefineAnimationRequest(
            name=_animation(name), prompt=prompt, options=options, request_id=request_id or uuid.uuid4().hex
        )
        return await self._caller.call(self._animations.RefineAnimation, request)

    async def download_video(self, name: str, to: str | Path | Writer) -> Downloaded:
        """Downloads the video and verifies its SHA-256.

        Args:
            name: `animations/…`, or the id alone.
            to: A path, where the file appears only when it is whole; or something with `write(bytes)`, whose
                bytes are verified only when this returns.
        """

        def open_stream(offset: int) -> downloads.DownloadStream:
            return self._animations.DownloadVideo(
                animation_service_pb2.DownloadVideoRequest(name=_animation(name), read_offset=offset),
                timeout=self._config.download_timeout,
                metadata=self._caller.metadata,
            )

        return await self._download(open_stream, to)

    async def download_preview(self, name: str, to: str | Path | Writer) -> Downloaded:
        """Downloads the still picture, as `download_video` does the video."""

        def open_stream(offset: int) -> downloads.DownloadStream:
            return self._animations.DownloadPreview(
                animation_service_pb2.DownloadPreviewRequest(name=_animation(name), read_offset=offset),
                timeout=self._config.download_timeout,
                metadata=self._caller.metadata,
            )

        return await self._download(open_stream, to)

    # ------------------------------------------------------------------ models

    async def list_models(self) -> list[model_service_pb2.Model]:
        """All models that the mesh knows, with their health."""
        models: list[model_service_pb2.Model] = []
        request = model_service_pb2.ListModelsRequest()
        while True:
            page = await self._caller.call(self._models.ListModels, request)
            models += page.models
            if not page.next_page_token:
                return models
            request = model_service_pb2.ListModelsRequest(page_token=page.next_page_token)

    async def explain_route(
        self, prompt: str, *, options: animation_pb2.AnimationOptions | None = None
    ) -> animation_pb2.Decision:
        """Which model would be asked for a prompt, and why; nothing is created.

        Args:
            prompt: What to show.
            options: The options that a create would carry.
        """
        request = model_service_pb2.ExplainRouteRequest(prompt=prompt, options=options)
        response = await self._caller.call(self._models.ExplainRoute, request)
        return response.decision

    # ------------------------------------------------------------------ scenes

    async def check_scene(
        self, *, scene: scene_pb2.Scene | None = None, storyboard: str = "", prompt: str = ""
    ) -> render_service_pb2.CheckSceneResponse:
        """Checks a scene; an invalid one is an answer, not an error.

        Args:
            scene: The scene as data.
            storyboard: Or as storyboard text.
            prompt: The prompt to judge it by; empty checks the rules only.
        """
        request = (
            render_service_pb2.CheckSceneRequest(scene=scene, prompt=prompt)
            if scene is not None
            else render_service_pb2.CheckSceneRequest(storyboard=storyboard, prompt=prompt)
        )
        return await self._caller.call(self._scenes.CheckScene, request)

    async def compile_scene(
        self, *, scene: scene_pb2.Scene | None = None, storyboard: str = ""
    ) -> render_service_pb2.CompileSceneResponse:
        """Prints a scene as readable Manim source.

        Args:
            scene: The scene as data.
            storyboard: Or as storyboard text.
        """
        request = (
            render_service_pb2.CompileSceneRequest(scene=scene)
            if scene is not None
            else render_service_pb2.CompileSceneRequest(storyboard=storyboard)
        )
        return await self._caller.call(self._scenes.CompileScene, request)

    async def _download(
        self, open_stream: Callable[[int], downloads.DownloadStream], to: str | Path | Writer
    ) -> Downloaded:
        if isinstance(to, str | Path):
            return await downloads.download_to_file(open_stream, self._caller, Path(to))
        return await downloads.download(open_stream, self._caller, to)


def _animation(name: str) -> str:
    return name if name.startswith("animations/") else f"animations/{name}"
