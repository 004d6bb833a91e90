"""`ModelAdapterService` on the wire: proto ↔ domain, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import Any

from animathic.scene import Issue, Severity
from animathic.v1 import animation_pb2, model_adapter_service_pb2, model_adapter_service_pb2_grpc, quality_pb2
from services.local_adapter.backends.protocol import State, Task, WrongLine
from services.local_adapter.description import MODEL, Description
from services.local_adapter.generation import Accepted, Event, Finished, Generator, Progress
from services.local_adapter.observation import Observer

SERVICE = "animathic.v1.ModelAdapterService"

_STATES = {
    State.READY: model_adapter_service_pb2.MODEL_STATE_READY,
    State.STARTING: model_adapter_service_pb2.MODEL_STATE_STARTING,
    State.NOT_SERVING: model_adapter_service_pb2.MODEL_STATE_NOT_SERVING,
}
_SEVERITIES = {
    Severity.ERROR: quality_pb2.SEVERITY_ERROR,
    Severity.NOTE: quality_pb2.SEVERITY_NOTE,
}


class ModelAdapterServicer(model_adapter_service_pb2_grpc.ModelAdapterServiceServicer):
    """Serves the local model.

    Args:
        generator: Lets it write.
        describe: Says what it is and how it stands.
        observer: Counts what it does.
    """

    def __init__(self, generator: Generator, describe: Callable[[], Description], observer: Observer) -> None:
        self._generator = generator
        self._describe = describe
        self._observer = observer

    async def GenerateScene(  # noqa: N802 - the contract's name
        self, request: model_adapter_service_pb2.GenerateSceneRequest, context: Any
    ) -> AsyncIterator[model_adapter_service_pb2.GenerateSceneResponse]:
        """Lets the model write a scene."""
        events = self._generator.generate(
            _task(request), model_version=request.model_version, seconds=context.time_remaining()
        )
        with self._observer.call() as observed:
            async with aclosing(events):
                async for event in events:
                    observed.see(event)
                    yield _response(event)

    async def DescribeModel(  # noqa: N802 - the contract's name
        self, request: model_adapter_service_pb2.DescribeModelRequest, context: Any
    ) -> model_adapter_service_pb2.DescribeModelResponse:
        """Says what the model is and whether it can serve; answers also when it cannot."""
        del request, context
        found = self._describe()
        return model_adapter_service_pb2.DescribeModelResponse(
            model=MODEL,
            display_name=found.display_name,
            state=_STATES[found.standing.state],
            reason=found.standing.reason,
            advice=found.standing.advice,
            model_version=found.standing.model_version,
            backend=found.backend,
            slots=found.slots,
            remote=found.remote,
            expected_cost_usd=0.0,
            element_kinds=found.element_kinds,
            action_kinds=found.action_kinds,
        )


def _task(request: model_adapter_service_pb2.GenerateSceneRequest) -> Task:
    wrong = tuple(
        WrongLine(issue.line, f"{issue.message}; {issue.advice}" if issue.advice else issue.message)
        for issue in request.repair.issues
        if issue.severity != quality_pb2.SEVERITY_NOTE
    )
    return Task(
        prompt=request.prompt,
        parent_storyboard=request.parent_storyboard,
        wrong_storyboard=request.repair.storyboard,
        wrong_lines=wrong,
        is_repair=request.HasField("repair"),
    )


def _response(event: Event) -> model_adapter_service_pb2.GenerateSceneResponse:
    response = model_adapter_service_pb2.GenerateSceneResponse()
    match event:
        case Accepted():
            response.accepted.model_version = event.model_version
        case Progress():
            response.progress.output_tokens = event.output_tokens
            response.progress.lines.extend(event.lines)
            response.progress.issues.extend(_issues(event.issues))
        case Finished():
            response.result.CopyFrom(_result(event))
    return response


def _result(event: Finished) -> model_adapter_service_pb2.GenerationResult:
    judged = event.judged
    result = model_adapter_service_pb2.GenerationResult(
        storyboard=judged.storyboard,
        issues=_issues(judged.issues),
        model_version=event.model_version,
        usage=animation_pb2.TokenUsage(
            input_tokens=event.ended.input_tokens,
            output_tokens=event.ended.output_tokens,
            cached_input_tokens=event.ended.cached_input_tokens,
        ),
        cost_usd=0.0,
        confidence=event.confidence,
    )
    result.elapsed.FromNanoseconds(round(event.seconds * 1e9))
    if judged.scene is not None:
        result.scene.CopyFrom(judged.scene)
    elif judged.declined:
        result.declined.reason = judged.declined
    else:
        result.invalid.SetInParent()
    return result


def _issues(issues: Iterable[Issue]) -> list[quality_pb2.SceneIssue]:
    return [
        quality_pb2.SceneIssue(
            severity=_SEVERITIES[issue.severity],
            code=issue.code,
            line=issue.line or 0,
            column=issue.column or 0,
            field_path=issue.path,
            message=issue.message,
            advice=issue.advice,
        )
        for issue in issues
    ]
