"""A render service that stores made-up videos as a test tells it: a real servicer, without Manim."""

import asyncio
import hashlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf import empty_pb2

from animathic.v1 import animation_pb2, artifact_pb2, render_service_pb2_grpc
from animathic.v1 import artifact_service_pb2 as artifacts_pb
from animathic.v1 import artifact_service_pb2_grpc as artifacts_grpc
from animathic.v1 import render_service_pb2 as pb
from services.chassis.errors import Code, MeshError
from services.chassis.identity import Principal, current_principal


def slots_taken(retry_after: float = 0.05) -> MeshError:
    """What render answers when it is full."""
    return MeshError(Code.RESOURCE_EXHAUSTED, "SLOTS_TAKEN", "all slots are taken", retry_after=retry_after)


class ScriptedRender(render_service_pb2_grpc.RenderServiceServicer):
    """Renders at once, unless told otherwise.

    Attributes:
        errors: Raised by the next calls, in order; None renders.
        breaks: How many of the next calls break off after their start.
        scores: Quality of the next results, in order; then 1.
        gate: Cleared, it keeps renderings waiting.
        frames: Frames reported for each rendering.
        requests: What was asked.
        files: Stored bytes, by key.
        holders: Keys, by holder.
        released: Every release asked for.
        release_errors: Raised by the next releases.
    """

    def __init__(self) -> None:
        self.artifacts = _Artifacts(self)
        self.reset()

    def reset(self) -> None:
        """Begins anew: nothing to come, nothing asked, nothing stored."""
        self.errors: deque[MeshError | None] = deque()
        self.breaks = 0
        self.scores: deque[float] = deque()
        self.gate = asyncio.Event()
        self.gate.set()
        self.frames = 3
        self.requests: list[pb.RenderSceneRequest] = []
        self.principals: list[Principal] = []
        self.files: dict[str, bytes] = {}
        self.holders: dict[str, set[str]] = defaultdict(set)
        self.released: list[str] = []
        self.release_errors: deque[MeshError] = deque()

    async def RenderScene(  # noqa: N802
        self, request: pb.RenderSceneRequest, context: Any
    ) -> AsyncIterator[pb.RenderSceneResponse]:
        self.requests.append(request)
        self.principals.append(current_principal())
        error = self.errors.popleft() if self.errors else None
        if error is not None:
            raise error
        yield pb.RenderSceneResponse(started=pb.RenderStarted(frames_total=self.frames))
        if self.breaks:
            self.breaks -= 1
            return
        await self.gate.wait()
        preview = animation_pb2.Image(artifact=self.store(request, "previews", "png"), width=854, height=480)
        yield pb.RenderSceneResponse(preview=preview)
        for done in range(1, self.frames + 1):
            yield pb.RenderSceneResponse(
                progress=pb.RenderProgress(frames_done=done, frames_total=self.frames)
            )
        result = pb.RenderDone(preview=preview)
        result.video.artifact.CopyFrom(self.store(request, "videos", "mp4"))
        result.video.width, result.video.height, result.video.frame_rate = 854, 480, 15
        result.quality.score = self.scores.popleft() if self.scores else 1.0
        yield pb.RenderSceneResponse(done=result)

    def store(self, request: pb.RenderSceneRequest, folder: str, ending: str) -> artifact_pb2.ArtifactRef:
        """Stores made-up bytes that depend on scene and options, held by the request's holder."""
        essence = request.scene.SerializeToString(deterministic=True) + request.options.SerializeToString(
            deterministic=True
        )
        data = f"{folder} ".encode() + hashlib.sha256(essence).hexdigest().encode() * 40
        digest = hashlib.sha256(data).hexdigest()
        key = f"{folder}/{digest[:2]}/{digest}.{ending}"
        self.files[key] = data
        self.holders[request.holder].add(key)
        kind = "video/mp4" if ending == "mp4" else "image/png"
        return artifact_pb2.ArtifactRef(key=key, sha256=digest, size_bytes=len(data), content_type=kind)


class _Artifacts(artifacts_grpc.ArtifactServiceServicer):
    def __init__(self, render: ScriptedRender) -> None:
        self._render = render

    async def ReadArtifact(  # noqa: N802
        self, request: artifacts_pb.ReadArtifactRequest, context: Any
    ) -> AsyncIterator[artifact_pb2.DownloadResponse]:
        data = self._render.files.get(request.key)
        if data is None:
            raise MeshError(Code.NOT_FOUND, "ARTIFACT_NOT_FOUND", "there is no such artifact")
        digest = hashlib.sha256(data).hexdigest()
        ref = artifact_pb2.ArtifactRef(key=request.key, sha256=digest, size_bytes=len(data))
        yield artifact_pb2.DownloadResponse(artifact=ref)
        end = request.read_offset + request.read_limit if request.read_limit else len(data)
        part = data[request.read_offset : end]
        for start in range(0, len(part), 1000):
            yield artifact_pb2.DownloadResponse(data=part[start : start + 1000])

    async def HoldArtifact(self, request: artifacts_pb.HoldArtifactRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        self._render.holders[request.holder].add(request.key)
        return empty_pb2.Empty()

    async def ReleaseArtifact(  # noqa: N802
        self, request: artifacts_pb.ReleaseArtifactRequest, context: Any
    ) -> empty_pb2.Empty:
        self._render.released.append(request.holder)
        if self._render.release_errors:
            raise self._render.release_errors.popleft()
        self._render.holders.pop(request.holder, None)
        return empty_pb2.Empty()
