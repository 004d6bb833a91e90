"""A model adapter that answers as a test tells it: a real servicer, without a model behind it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from animathic import scene as language
from animathic.v1 import (
    model_adapter_service_pb2 as pb,
)
from animathic.v1 import (
    model_adapter_service_pb2_grpc,
    quality_pb2,
)
from services.chassis.errors import MeshError
from services.chassis.identity import Principal, current_principal

CIRCLE = "c = circle red\n\ncreate c\n"


@dataclass(frozen=True)
class Answer:
    """The model writes a scene."""

    storyboard: str = CIRCLE
    tokens: int = 24
    confidence: float = 0.9
    cost_usd: float = 0.001
    progress: int = 0


@dataclass(frozen=True)
class Invalid:
    """The model writes something that is not a scene."""

    storyboard: str = "c = circel red\n"
    message: str = "no kind 'circel'"


@dataclass(frozen=True)
class Broken:
    """The adapter claims that an empty scene is valid."""


@dataclass(frozen=True)
class Decline:
    """The model says that it cannot do it."""

    reason: str = "no cameras here"


@dataclass(frozen=True)
class Fail:
    """The call fails; `accepted` says whether before or after it got its slot."""

    error: MeshError
    accepted: bool = True


@dataclass(frozen=True)
class Hang:
    """The model writes until the event is set; then it answers."""

    until: asyncio.Event


@dataclass(frozen=True)
class BreakOff:
    """The stream ends without a result."""


Step = Answer | Invalid | Broken | Decline | Fail | Hang | BreakOff


class ScriptedAdapter(model_adapter_service_pb2_grpc.ModelAdapterServiceServicer):
    """Serves steps in order, then `Answer()` for ever.

    Attributes:
        steps: What is to come.
        requests: What was asked.
        principals: Who asked.
        cancelled: How many calls were cancelled.
    """

    def __init__(self, model: str, *, remote: bool = False) -> None:
        self._model = model
        self._remote = remote
        self.reset()

    def reset(self) -> None:
        """Begins anew: ready, nothing to come, nothing asked."""
        self.steps: deque[Step] = deque()
        self.requests: list[pb.GenerateSceneRequest] = []
        self.principals: list[Principal] = []
        self.cancelled = 0
        self.description = pb.DescribeModelResponse(
            model=self._model,
            display_name=f"Scripted {self._model}",
            state=pb.MODEL_STATE_READY,
            model_version="v1",
            backend="script",
            slots=4,
            remote=self._remote,
            expected_cost_usd=0.002 if self._remote else 0.0,
        )

    async def DescribeModel(self, request: pb.DescribeModelRequest, context: Any) -> pb.DescribeModelResponse:  # noqa: N802
        return self.description

    async def GenerateScene(  # noqa: N802
        self, request: pb.GenerateSceneRequest, context: Any
    ) -> AsyncIterator[pb.GenerateSceneResponse]:
        self.requests.append(request)
        self.principals.append(current_principal())
        step = self.steps.popleft() if self.steps else Answer()
        if isinstance(step, Fail) and not step.accepted:
            raise step.error
        yield pb.GenerateSceneResponse(accepted=pb.GenerationAccepted(model_version="v1"))
        if isinstance(step, Fail):
            raise step.error
        if isinstance(step, BreakOff):
            return
        if isinstance(step, Hang):
            try:
                await step.until.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            step = Answer()
        for count in range(getattr(step, "progress", 0)):
            yield pb.GenerateSceneResponse(progress=pb.GenerationProgress(output_tokens=count + 1))
        yield pb.GenerateSceneResponse(result=result_of(step))


def result_of(step: Answer | Invalid | Broken | Decline) -> pb.GenerationResult:
    """The result that a step ends with."""
    result = pb.GenerationResult(model_version="v1")
    result.usage.input_tokens, result.usage.output_tokens = 100, 24
    if isinstance(step, Answer):
        result.scene.CopyFrom(language.parse(step.storyboard))
        result.storyboard = step.storyboard
        result.usage.output_tokens = step.tokens
        result.cost_usd, result.confidence = step.cost_usd, step.confidence
    elif isinstance(step, Decline):
        result.declined.reason = step.reason
    elif isinstance(step, Broken):
        result.scene.SetInParent()
    else:
        result.invalid.SetInParent()
        result.storyboard = step.storyboard
        result.issues.add(
            severity=quality_pb2.SEVERITY_ERROR,
            code="unknown_kind",
            line=1,
            message=step.message,
            advice='did you mean "circle"?',
        )
    return result
