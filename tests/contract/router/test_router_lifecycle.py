"""From a prompt to a video, and the ways in which that can go."""

import asyncio

import pytest
from google.rpc import error_details_pb2

from animathic.v1 import animation_pb2, model_adapter_service_pb2
from services.chassis.errors import Code, MeshError
from tests.support.router_harness import Caller, RouterHarness
from tests.support.scripted_adapter import Answer, BreakOff, Broken, Decline, Fail, Hang, Invalid
from tests.support.scripted_render import slots_taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUCCEEDED = animation_pb2.ANIMATION_STATE_SUCCEEDED
FAILED = animation_pb2.ANIMATION_STATE_FAILED
GENERATE = animation_pb2.ATTEMPT_STAGE_GENERATE
REPAIR = animation_pb2.ATTEMPT_STAGE_REPAIR
RENDER = animation_pb2.ATTEMPT_STAGE_RENDER
OK = animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED
LOCAL, GEMINI = "models/local-trained", "models/gemini-2.5-flash"


def tried(animation: animation_pb2.Animation) -> list[tuple[int, str, int]]:
    return [(a.stage, a.model, a.outcome) for a in animation.attempts]


def reason_of(animation: animation_pb2.Animation) -> str:
    info = error_details_pb2.ErrorInfo()
    assert animation.error.details[0].Unpack(info)
    return info.reason


async def test_a_prompt_becomes_a_video(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.append(Answer(progress=3))
    created = await ann.create("a red circle", request_id="r1")
    assert created.state == animation_pb2.ANIMATION_STATE_PENDING
    assert created.etag
    assert created.name.startswith("animations/")

    snapshots = await ann.snapshots(created.name)

    ended = snapshots[-1]
    assert ended.state == SUCCEEDED, ended
    assert [s.revision for s in snapshots] == sorted({s.revision for s in snapshots})
    assert ended.video.uri == f"/v1/{created.name}/video"
    assert ended.preview.uri == f"/v1/{created.name}/preview"
    assert ended.storyboard == "c = circle red\n\ncreate c\n"
    assert ended.decision.model == LOCAL
    assert ended.decision.reason == animation_pb2.DECISION_REASON_CONFIDENCE
    assert "0.70" in ended.decision.explanation
    assert {c.model for c in ended.decision.candidates} == {LOCAL, GEMINI}
    assert ended.decision.features
    assert tried(ended) == [(GENERATE, LOCAL, OK), (RENDER, "", OK)]
    assert ended.spend.cost_usd == pytest.approx(0.001)
    assert ended.spend.usage.output_tokens == 24
    assert ended.quality.score == 1.0
    assert ended.progress.fraction == 1.0
    assert ended.timings.total.ToNanoseconds() > ended.timings.render.ToNanoseconds() > 0
    assert ended.creator == "ann"
    assert ended.etag != created.etag
    # The router's own identity, naming whose work it is.
    for principal in (harness.local.principals[0], harness.render.principals[0]):
        assert (principal.kind, principal.tenant, principal.subject) == ("service", "acme", "router")
    assert harness.render.requests[0].holder == created.name
    assert harness.render.requests[0].prompt == "a red circle"


async def test_an_invalid_answer_is_repaired_once(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.extend([Invalid(), Answer()])
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert tried(ended)[:2] == [
        (GENERATE, LOCAL, animation_pb2.ATTEMPT_OUTCOME_INVALID),
        (REPAIR, LOCAL, OK),
    ]
    repair = harness.local.requests[1].repair
    assert repair.storyboard == "c = circel red\n"
    assert repair.issues[0].advice == 'did you mean "circle"?'
    assert ended.attempts[0].issues[0].line == 1


async def test_after_a_repair_that_fails_the_other_model_is_asked(
    harness: RouterHarness, ann: Caller
) -> None:
    harness.local.steps.extend([Invalid(), Invalid()])
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert [(a.stage, a.model) for a in ended.attempts[:3]] == [
        (GENERATE, LOCAL),
        (REPAIR, LOCAL),
        (GENERATE, GEMINI),
    ]
    assert ended.decision.model == GEMINI
    assert ended.decision.reason == animation_pb2.DECISION_REASON_FALLBACK
    assert "no kind 'circel'" in ended.decision.explanation


@pytest.mark.parametrize(
    "step", [Decline(), BreakOff(), Fail(MeshError(Code.INTERNAL, "MODEL_FAILED", "oh"))]
)
async def test_a_model_that_does_not_deliver_is_followed_by_the_other(
    harness: RouterHarness, ann: Caller, step: Decline | BreakOff | Fail
) -> None:
    harness.local.steps.append(step)
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert [a.model for a in ended.attempts[:2]] == [LOCAL, GEMINI]


async def test_a_scene_is_checked_again_by_the_router(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.append(Broken())
    ended = await ann.end_of((await ann.create()).name)
    assert ended.attempts[0].outcome == animation_pb2.ATTEMPT_OUTCOME_INVALID
    assert ended.attempts[0].issues
    assert ended.state == SUCCEEDED


async def test_all_decline(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.append(Decline("no cameras"))
    harness.gemini.steps.append(Decline("not allowed"))
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == FAILED
    assert reason_of(ended) == "MODEL_DECLINED"
    for said in ("no cameras", "not allowed", LOCAL, GEMINI, "simpler words"):
        assert said in ended.error.message
    assert not ended.HasField("video")


async def test_strict_never_reaches_another_model(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.extend([Invalid(), Invalid()])
    created = await ann.create(model=LOCAL, strict=True)
    ended = await ann.end_of(created.name)
    assert ended.state == FAILED
    assert reason_of(ended) == "MODEL_ANSWER_INVALID"
    assert "strict" in ended.error.message
    assert not harness.gemini.requests


async def test_a_preference_is_followed_first(harness: RouterHarness, ann: Caller) -> None:
    harness.gemini.steps.append(Decline())
    ended = await ann.end_of((await ann.create(model=GEMINI)).name)
    assert ended.state == SUCCEEDED
    assert [a.model for a in ended.attempts[:2]] == [GEMINI, LOCAL]


async def test_without_local_fallback_a_failed_gemini_is_the_end(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(local_fallback_enabled=False))
    harness.gemini.steps.append(Decline())
    ended = await ann.end_of((await ann.create(model=GEMINI)).name)
    assert ended.state == FAILED
    assert not harness.local.requests


async def test_a_complex_prompt_goes_to_gemini(harness: RouterHarness, ann: Caller) -> None:
    created = await ann.create("explain the proof of the theorem step by step with a zooming camera in 3d")
    ended = await ann.end_of(created.name)
    assert ended.decision.reason == animation_pb2.DECISION_REASON_COMPLEXITY
    assert [a.model for a in ended.attempts[:1]] == [GEMINI]


async def test_no_model_can_serve(harness: RouterHarness) -> None:
    for adapter in (harness.local, harness.gemini):
        adapter.description.state = model_adapter_service_pb2.MODEL_STATE_NOT_SERVING
        adapter.description.reason = "no key"
        adapter.description.advice = "Set GOOGLE_AI_API_KEY."
    ann = await harness.caller(await harness.start_router())
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == FAILED
    assert reason_of(ended) == "NO_MODEL_AVAILABLE"
    assert "Set GOOGLE_AI_API_KEY." in ended.error.message
    assert not ended.attempts


async def test_a_model_that_starts_is_waited_for(harness: RouterHarness) -> None:
    harness.local.description.state = model_adapter_service_pb2.MODEL_STATE_STARTING
    ann = await harness.caller(await harness.start_router(gemini_adapter_target=""))
    created = await ann.create()
    while "waits for a model" not in (await ann.get(created.name)).progress.message:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    harness.local.description.state = model_adapter_service_pb2.MODEL_STATE_READY
    assert (await ann.end_of(created.name)).state == SUCCEEDED


async def test_model_calls_are_bounded(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(max_model_calls=3, model_wait_seconds=60))
    harness.local.steps.extend([BreakOff()] * 9)
    harness.gemini.steps.extend([BreakOff()] * 9)
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == FAILED
    assert len(ended.attempts) == 3


async def test_a_slow_model_is_followed_by_the_other(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(generate_seconds=0.2))
    harness.local.steps.append(Hang(asyncio.Event()))
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert ended.attempts[0].reason == "MODEL_TIMEOUT"
    assert harness.local.cancelled == 1


async def test_a_busy_model_is_waited_for_without_an_attempt(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.append(Fail(slots_taken(), accepted=False))
    ended = await ann.end_of((await ann.create()).name)
    assert tried(ended) == [(GENERATE, LOCAL, OK), (RENDER, "", OK)]


async def test_a_busy_render_is_waited_for_and_the_scene_stays(harness: RouterHarness, ann: Caller) -> None:
    harness.render.errors.extend([slots_taken(), slots_taken()])
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert len(harness.render.requests) == 3
    assert len(harness.local.requests) == 1
    assert tried(ended) == [(GENERATE, LOCAL, OK), (RENDER, "", OK)]


async def test_a_render_that_breaks_off_is_repeated(harness: RouterHarness, ann: Caller) -> None:
    harness.render.breaks = 2
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert [a.outcome for a in ended.attempts if a.stage == RENDER] == [
        animation_pb2.ATTEMPT_OUTCOME_FAILED,
        animation_pb2.ATTEMPT_OUTCOME_FAILED,
        OK,
    ]
    assert len(harness.local.requests) == 1


async def test_a_render_that_fails_for_good(harness: RouterHarness, ann: Caller) -> None:
    harness.render.errors.append(MeshError(Code.RESOURCE_EXHAUSTED, "RENDER_RESOURCES", "too much memory"))
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == FAILED
    assert reason_of(ended) == "RENDER_RESOURCES"
    assert "too much memory" in ended.error.message


async def test_a_scene_that_cannot_be_laid_out_goes_back_to_its_model(
    harness: RouterHarness, ann: Caller
) -> None:
    harness.render.errors.append(
        MeshError(Code.INVALID_ARGUMENT, "SCENE_UNRENDERABLE", "the formula cannot be set")
    )
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert [(a.stage, a.model) for a in ended.attempts] == [
        (GENERATE, LOCAL),
        (RENDER, ""),
        (REPAIR, LOCAL),
        (RENDER, ""),
    ]
    assert harness.local.requests[1].HasField("repair")


async def test_poor_quality_escalates_and_the_better_result_is_kept(
    harness: RouterHarness, ann: Caller
) -> None:
    harness.render.scores.extend([0.2, 0.9])
    harness.gemini.steps.append(Answer("c = circle blue\ncreate c\n"))
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert ended.quality.score == 0.9
    assert "blue" in ended.storyboard
    assert [a.model for a in ended.attempts] == [LOCAL, "", GEMINI, ""]


@pytest.mark.parametrize("second", ["worse", "declined"])
async def test_the_first_result_stays_where_the_second_is_not_better(
    harness: RouterHarness, ann: Caller, second: str
) -> None:
    harness.render.scores.extend([0.4, 0.1])
    step = Decline() if second == "declined" else Answer("c = circle blue\ncreate c\n")
    harness.gemini.steps.append(step)
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert ended.quality.score == 0.4
    assert "red" in ended.storyboard
    assert ended.scene.elements[0].style.color == "red"
    assert ended.decision.model == LOCAL
    assert ended.video.artifact.key


@pytest.mark.parametrize("changes", [{"quality_assessment_enabled": False}, {"gemini_adapter_target": ""}])
async def test_no_escalation(harness: RouterHarness, changes: dict[str, object]) -> None:
    ann = await harness.caller(await harness.start_router(**changes))
    harness.render.scores.append(0.2)
    ended = await ann.end_of((await ann.create()).name)
    assert ended.state == SUCCEEDED
    assert ended.HasField("quality") == ("gemini_adapter_target" in changes)
    assert len(ended.attempts) == 2
