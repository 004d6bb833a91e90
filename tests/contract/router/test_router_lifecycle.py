"""From a prompt to a video, and the ways in which that can go."""

import pytest

from animathic.v1 import animation_pb2
from tests.support.router_harness import Caller, RouterHarness


@pytest.mark.asyncio
async def test_a_prompt_becomes_a_video(harness: RouterHarness, ann: Caller) -> None:
    created = await ann.create("a red circle", request_id="r1")
    assert created.state == animation_pb2.ANIMATION_STATE_PENDING
    assert created.etag
    assert created.name.startswith("animations/")

    ended = await ann.end_of(created.name)

    assert ended.state == animation_pb2.ANIMATION_STATE_SUCCEEDED, ended
    assert ended.video.uri == f"/v1/{created.name}/video"
    assert ended.storyboard == "c = circle red\n\ncreate c\n"
    assert ended.decision.model == "models/local-trained"
    assert "0.7" in ended.decision.explanation
    assert [a.stage for a in ended.attempts] == [
        animation_pb2.ATTEMPT_STAGE_GENERATE,
        animation_pb2.ATTEMPT_STAGE_RENDER,
    ]
    assert ended.spend.cost_usd == pytest.approx(0.001)
    assert ended.progress.fraction == 1.0
    assert harness.local.principals[0].kind == "service"
    assert harness.local.principals[0].tenant == "acme"
