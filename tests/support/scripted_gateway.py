"""A gateway that follows a script, for tests of the client and the command."""

# ruff: noqa: N802 - rpc methods are named as in the contract

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from google.protobuf import any_pb2, duration_pb2, empty_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    artifact_pb2,
    model_adapter_service_pb2,
    model_service_pb2,
    model_service_pb2_grpc,
    quality_pb2,
    render_service_pb2,
    render_service_pb2_grpc,
)

VIDEO = b"not really a video, " * 40_000


def failure(
    code: grpc.StatusCode,
    reason: str,
    message: str,
    *,
    fields: dict[str, str] | None = None,
    retry_after: float | None = None,
) -> status_pb2.Status:
    """A status as the mesh's services send it."""
    details = [error_details_pb2.ErrorInfo(reason=reason, domain="animathic.dev", metadata={"hint": "h"})]
    if fields:
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=key, description=value)
            for key, value in fields.items()
        ]
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed = []
    for detail in details:
        each = any_pb2.Any()
        each.Pack(detail)
        packed.append(each)
    return status_pb2.Status(code=code.value[0], message=message, details=packed)


@dataclass
class Script:
    """What the gateway does next; tests set what they need."""

    errors: dict[str, list[status_pb2.Status]] = field(default_factory=dict)
    """By method: answered first, one after the other."""
    ends_with: animation_pb2.AnimationState.ValueType = animation_pb2.ANIMATION_STATE_SUCCEEDED
    failure: status_pb2.Status | None = None
    explanation: str = "0.93 is at least the threshold of 0.70"
    never_ends: bool = False
    break_watch_after: int = 0
    """Break the first watch stream after so many snapshots; 0 never."""
    break_download_after: int = 0
    """Break the first download after so many bytes; 0 never."""
    corrupt: bool = False
    issues: list[quality_pb2.SceneIssue] = field(default_factory=list)


class ScriptedGateway(
    animation_service_pb2_grpc.AnimationServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
    render_service_pb2_grpc.RenderServiceServicer,
):
    """Serves on a free port of the loopback; use it as a context manager.

    Attributes:
        script: What it does.
        requests: Every request it got, in order.
        keys: The API key of every request.
        calls: How often each method was called.
    """

    def __init__(self) -> None:
        self.script = Script()
        self.requests: list[object] = []
        self.keys: list[str] = []
        self.calls: Counter[str] = Counter()
        self.cancelled = threading.Event()
        self.watched = threading.Event()
        self.by_request_id: dict[str, animation_pb2.Animation] = {}
        self._server = grpc.server(ThreadPoolExecutor(8))
        animation_service_pb2_grpc.add_AnimationServiceServicer_to_server(self, self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(self, self._server)
        render_service_pb2_grpc.add_RenderServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> ScriptedGateway:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cancelled.set()
        self._server.stop(0).wait()

    def _enter(self, method: str, request: object, context: grpc.ServicerContext) -> None:
        self.calls[method] += 1
        self.requests.append(request)
        self.keys.append(dict(context.invocation_metadata()).get("x-api-key", ""))
        waiting = self.script.errors.get(method)
        if waiting:
            context.abort_with_status(rpc_status.to_status(waiting.pop(0)))

    # ------------------------------------------------------------------ animations

    def CreateAnimation(self, request, context):
        self._enter("CreateAnimation", request, context)
        name = f"animations/a{len(self.by_request_id) + 1}"
        return self.by_request_id.setdefault(request.request_id, self._snapshot(name, 1))

    def GetAnimation(self, request, context):
        self._enter("GetAnimation", request, context)
        return self._snapshot(request.name, 4)

    def WatchAnimation(self, request, context) -> Iterator[animation_service_pb2.WatchAnimationResponse]:
        self._enter("WatchAnimation", request, context)
        for sent, revision in enumerate(range(request.after_revision + 1, 5), 1):
            if revision == 4 and self.script.never_ends:
                self.watched.set()
                self.cancelled.wait(20)
                cancelled = self._snapshot(request.name, 5)
                cancelled.state = animation_pb2.ANIMATION_STATE_CANCELLED
                yield animation_service_pb2.WatchAnimationResponse(animation=cancelled)
                return
            yield animation_service_pb2.WatchAnimationResponse(
                animation=self._snapshot(request.name, revision)
            )
            if self.calls["WatchAnimation"] == 1 and sent == self.script.break_watch_after:
                context.abort_with_status(
                    rpc_status.to_status(
                        failure(grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "gone; retry")
                    )
                )

    def CancelAnimation(self, request, context):
        self._enter("CancelAnimation", request, context)
        self.cancelled.set()
        return self._snapshot(request.name, 3)

    def DeleteAnimation(self, request, context):
        self._enter("DeleteAnimation", request, context)
        return empty_pb2.Empty()

    def RefineAnimation(self, request, context):
        self._enter("RefineAnimation", request, context)
        refined = self._snapshot("animations/refined", 1)
        refined.parent = request.name
        return refined

    def DownloadVideo(self, request, context) -> Iterator[artifact_pb2.DownloadResponse]:
        self._enter("DownloadVideo", request, context)
        reference = artifact_pb2.ArtifactRef(
            key="videos/x.mp4",
            sha256=hashlib.sha256(VIDEO).hexdigest(),
            size_bytes=len(VIDEO),
            content_type="video/mp4",
        )
        yield artifact_pb2.DownloadResponse(artifact=reference)
        body = VIDEO[:-1] + b"!" if self.script.corrupt else VIDEO
        for start in range(request.read_offset, len(body), 65_536):
            yield artifact_pb2.DownloadResponse(data=body[start : start + 65_536])
            first = self.calls["DownloadVideo"] == 1
            if first and 0 < self.script.break_download_after <= start + 65_536:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    def _snapshot(self, name: str, revision: int) -> animation_pb2.Animation:
        states = animation_pb2.AnimationState
        state = {
            1: states.ANIMATION_STATE_PENDING,
            2: states.ANIMATION_STATE_GENERATING,
            3: states.ANIMATION_STATE_RENDERING,
            4: self.script.ends_with,
        }.get(revision, states.ANIMATION_STATE_RENDERING)
        animation = animation_pb2.Animation(
            name=name, prompt="p", state=state, revision=revision, error=self.script.failure
        )
        animation.progress.fraction = revision / 4
        animation.progress.frames_done, animation.progress.frames_total = 12, 45
        if revision > 1:
            animation.decision.model = "models/local-trained"
            animation.decision.reason = animation_pb2.DECISION_REASON_CONFIDENCE
            animation.decision.explanation = self.script.explanation
        if state == states.ANIMATION_STATE_SUCCEEDED:
            animation.quality.score = 1.0
            animation.timings.generate.FromMilliseconds(1200)
            animation.timings.total.FromMilliseconds(3400)
            animation.video.width, animation.video.height = 854, 480
            animation.video.frame_rate, animation.video.frame_count = 15, 45
            animation.video.duration.FromMilliseconds(3000)
        return animation

    # ------------------------------------------------------------------ models and scenes

    def ListModels(self, request, context):
        self._enter("ListModels", request, context)
        ready = model_service_pb2.Model(
            name="models/local-trained",
            state=model_adapter_service_pb2.MODEL_STATE_READY,
            serving_version="v1",
            backend="embedded llama.cpp",
        )
        missing = model_service_pb2.Model(
            name="models/gemini-2.5-flash",
            state=model_adapter_service_pb2.MODEL_STATE_NOT_SERVING,
            reason="it has no key",
            advice="set GOOGLE_AI_API_KEY",
            remote=True,
        )
        if request.page_token:
            return model_service_pb2.ListModelsResponse(models=[missing])
        return model_service_pb2.ListModelsResponse(models=[ready], next_page_token="2")

    def ExplainRoute(self, request, context):
        self._enter("ExplainRoute", request, context)
        decision = self._snapshot("animations/x", 2).decision
        decision.candidates.add(model="models/local-trained", available=True, success_probability=0.93)
        decision.candidates.add(model="models/gemini-2.5-flash", unavailable_reason="set GOOGLE_AI_API_KEY")
        return model_service_pb2.ExplainRouteResponse(decision=decision)

    def CheckScene(self, request, context):
        self._enter("CheckScene", request, context)
        return render_service_pb2.CheckSceneResponse(valid=not self.script.issues, issues=self.script.issues)

    def CompileScene(self, request, context):
        self._enter("CompileScene", request, context)
        return render_service_pb2.CompileSceneResponse(source="class S(Scene): ...", class_name="S")
