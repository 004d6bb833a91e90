"""What the database promises: the same on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf import duration_pb2

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    event_service_pb2,
    events_pb2,
)
from services.chassis.errors import Code, MeshError
from services.chassis.rpc_errors import mesh_error
from services.chassis.server import ServiceServer
from tests.support.router_harness import Caller, RouterHarness
from tests.support.scripted_adapter import Hang

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True, scope="module"),
]

SUCCEEDED = animation_pb2.ANIMATION_STATE_SUCCEEDED
CANCELLED = animation_pb2.ANIMATION_STATE_CANCELLED
RENDERING = animation_pb2.ANIMATION_STATE_RENDERING
RENDER = animation_pb2.ATTEMPT_STAGE_RENDER

#: Leases that a test waits for.
SHORT: dict[str, Any] = {"lease_seconds": 1.0, "renew_seconds": 0.2}


async def refused(call: Any) -> MeshError:
    """The error that a call ends with."""
    ending = read_all(call) if hasattr(call, "__aiter__") else call
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ending
    return mesh_error(caught.value)


async def read_all(call: Any) -> list[Any]:
    return [response async for response in call]


async def until(reached: Callable[[], bool]) -> None:
    """Waits until something is so."""
    while not reached():  # noqa: ASYNC110  what is waited for knows nothing of events
        await asyncio.sleep(0.02)


async def read(call: Any) -> bytes:
    return b"".join(response.data for response in await read_all(call))


def named(kind: str, name: str, **fields: Any) -> Any:
    return getattr(animation_service_pb2, f"{kind}Request")(name=name, **fields)


async def test_the_same_request_is_the_same_animation(
    ann: Caller, harness: RouterHarness, router: ServiceServer
) -> None:
    answers = await asyncio.gather(*(ann.create("a star", request_id="same") for _ in range(6)))
    assert len({answer.name for answer in answers}) == 1
    other = await refused(ann.create("a square", request_id="same"))
    assert (other.code.name, other.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    # Another tenant's request ids are its own.
    bob = await harness.caller(router, tenant="other")
    assert (await bob.create("a square", request_id="same")).name != answers[0].name
    # Without one, every create is a new animation.
    assert (await ann.create("a star")).name != (await ann.create("a star")).name


async def test_somebody_elses_is_not_found(
    ann: Caller, harness: RouterHarness, router: ServiceServer
) -> None:
    name = (await ann.create()).name
    await ann.end_of(name)
    bob = await harness.caller(router, tenant="other")
    for call in (
        bob.animations.GetAnimation(named("GetAnimation", name)),
        bob.animations.WatchAnimation(named("WatchAnimation", name)),
        bob.animations.CancelAnimation(named("CancelAnimation", name)),
        bob.animations.DeleteAnimation(named("DeleteAnimation", name)),
        bob.animations.RefineAnimation(named("RefineAnimation", name, prompt="blue")),
        bob.animations.DownloadVideo(named("DownloadVideo", name)),
        bob.animations.DownloadPreview(named("DownloadPreview", name)),
    ):
        error = await refused(call)
        assert (error.code.name, error.reason) == ("NOT_FOUND", "ANIMATION_NOT_FOUND")
    assert (await ann.get(name)).state == SUCCEEDED


async def test_full_queues_say_when_to_retry(harness: RouterHarness) -> None:
    server = await harness.start_router(tenant_queue_limit=2, queue_limit=3, router_slots=1)
    harness.render.gate.clear()
    ann, bob = await harness.caller(server), await harness.caller(server, tenant="other")
    await ann.create()
    await ann.create()
    full = await refused(ann.create())
    assert (full.code.name, full.reason) == ("RESOURCE_EXHAUSTED", "TENANT_QUEUE_FULL")
    assert full.retry_after
    assert full.quota
    await bob.create()
    assert (await refused(bob.create())).reason == "QUEUE_FULL"
    harness.render.gate.set()


async def test_priority_goes_first(harness: RouterHarness) -> None:
    server = await harness.start_router(router_slots=1)
    ann = await harness.caller(server)
    gate = asyncio.Event()
    harness.local.steps.append(Hang(gate))
    first = await ann.create("a red circle")
    await ann.until(first.name, animation_pb2.ANIMATION_STATE_GENERATING)
    for priority, prompt in ((1, "a low circle"), (0, "a normal circle"), (3, "a high circle")):
        await ann.create(prompt, priority=priority)
    last = await ann.create("another low circle", priority=1)
    gate.set()
    await ann.end_of(last.name)
    prompts = [request.prompt.removesuffix(" circle") for request in harness.local.requests]
    assert prompts == ["a red", "a high", "a normal", "a low", "another low"]


async def test_cancel_while_a_model_writes(harness: RouterHarness, ann: Caller) -> None:
    harness.local.steps.append(Hang(asyncio.Event()))
    created = await ann.create()
    running = await ann.until(created.name, animation_pb2.ANIMATION_STATE_GENERATING)
    stale = await refused(ann.animations.CancelAnimation(named("CancelAnimation", created.name, etag="x")))
    assert (stale.code.name, stale.reason) == ("ABORTED", "ETAG_MISMATCH")
    answered = await ann.animations.CancelAnimation(named("CancelAnimation", created.name, etag=running.etag))
    assert answered.cancel_requested
    assert answered.etag != running.etag
    ended = await ann.end_of(created.name)
    assert ended.state == CANCELLED
    assert [a.outcome for a in ended.attempts] == [animation_pb2.ATTEMPT_OUTCOME_CANCELLED]
    assert harness.local.cancelled == 1
    again = await refused(ann.animations.CancelAnimation(named("CancelAnimation", created.name)))
    assert (again.code.name, again.reason) == ("FAILED_PRECONDITION", "ANIMATION_ENDED")


async def test_cancel_needs_no_slot(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(router_slots=1))
    gate = asyncio.Event()
    harness.local.steps.append(Hang(gate))
    await ann.create()
    await until(lambda: bool(harness.local.requests))
    waiting = await ann.create("a blue circle")
    await ann.animations.CancelAnimation(named("CancelAnimation", waiting.name))
    assert (await ann.end_of(waiting.name)).state == CANCELLED
    gate.set()


async def test_delete_after_the_end(harness: RouterHarness, ann: Caller) -> None:
    created = await ann.create("a red circle", request_id="gone")
    await ann.end_of(created.name)
    assert harness.render.holders[created.name]
    harness.render.release_errors.append(mesh_unavailable())
    await ann.animations.DeleteAnimation(named("DeleteAnimation", created.name))
    for call in (
        ann.get(created.name),
        ann.animations.DeleteAnimation(named("DeleteAnimation", created.name)),
        ann.animations.DownloadVideo(named("DownloadVideo", created.name)),
    ):
        assert (await refused(call)).reason == "ANIMATION_NOT_FOUND"
    # The release is repeated until it is answered.
    await until(lambda: created.name not in harness.render.holders)
    assert harness.render.released.count(created.name) == 2
    # The tombstone still knows the request_id, and nothing else.
    repeated = await ann.create("a red circle", request_id="gone")
    assert repeated.name == created.name
    assert not repeated.prompt
    assert not repeated.storyboard
    assert not repeated.HasField("video")


async def test_delete_while_it_renders(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(**SHORT))
    harness.render.gate.clear()
    created = await ann.create()
    await ann.until(created.name, RENDERING)
    watching = asyncio.ensure_future(
        refused(ann.animations.WatchAnimation(named("WatchAnimation", created.name)))
    )
    await ann.animations.DeleteAnimation(named("DeleteAnimation", created.name))
    assert (await watching).reason == "ANIMATION_NOT_FOUND"
    harness.render.gate.set()
    await until(lambda: created.name in harness.render.released)
    assert not harness.render.holders.get(created.name)


def mesh_unavailable() -> MeshError:
    return MeshError(Code.UNAVAILABLE, "STORE_UNAVAILABLE", "not now")


async def test_tombstones_and_expired_animations_are_swept(harness: RouterHarness) -> None:
    server = await harness.start_router(request_life_seconds=0.5, retention_days=0.5 / 86_400)
    ann = await harness.caller(server)
    created = await ann.create("a red circle", request_id="again")
    await ann.end_of(created.name)
    # Nobody deletes it: its retention ends. Its tombstone goes when the request_id's life is over.
    await until(lambda: harness.render.released.count(created.name) >= 2)
    second = await ann.create("a blue circle", request_id="again")
    assert second.name != created.name


async def test_a_failed_animation_lets_go_of_what_was_rendered(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(**SHORT))
    harness.render.gate.clear()
    created = await ann.create()
    await ann.until(created.name, RENDERING)
    await until(lambda: bool(harness.render.requests))
    harness.render.store(harness.render.requests[0], "videos", "mp4")
    await ann.animations.CancelAnimation(named("CancelAnimation", created.name))
    assert (await ann.end_of(created.name)).state == CANCELLED
    await until(lambda: created.name not in harness.render.holders)


async def test_watch_after_a_revision(ann: Caller) -> None:
    created = await ann.create()
    ended = await ann.end_of(created.name)
    assert [s.revision for s in await ann.snapshots(created.name)] == [ended.revision]
    assert await ann.snapshots(created.name, after_revision=ended.revision) == []


async def test_a_foreign_revision_does_not_silence_a_watch(harness: RouterHarness, ann: Caller) -> None:
    harness.render.gate.clear()
    created = await ann.create()
    await ann.until(created.name, RENDERING)
    watching = asyncio.ensure_future(ann.snapshots(created.name, after_revision=10_000))
    await asyncio.sleep(0.2)
    harness.render.gate.set()
    async with asyncio.timeout(20):
        assert (await watching)[-1].state == SUCCEEDED


async def test_any_replica_serves_a_watch(harness: RouterHarness) -> None:
    url = harness.new_database()
    worker = await harness.start_router(database_url=url)
    ann = await harness.caller(worker)
    harness.render.gate.clear()
    created = await ann.create()
    await ann.until(created.name, RENDERING)
    # The second one gets no work: the only animation is taken. It sees it all the same.
    watching = await harness.caller(await harness.start_router(database_url=url))
    seen = asyncio.ensure_future(watching.snapshots(created.name))
    await asyncio.sleep(0.2)
    harness.render.gate.set()
    snapshots = await seen
    assert len(snapshots) > 1
    assert snapshots[-1].state == SUCCEEDED


async def test_replicas_share_the_queue_and_nothing_is_done_twice(
    harness: RouterHarness, engine: str
) -> None:
    url = harness.new_database()
    first = await harness.start_router(database_url=url, router_slots=3)
    await harness.start_router(database_url=url, router_slots=3)
    ann = await harness.caller(first)
    created = await asyncio.gather(*(ann.create(f"circle {number}") for number in range(16)))
    ended = await asyncio.gather(*(ann.end_of(animation.name) for animation in created))
    assert {animation.state for animation in ended} == {SUCCEEDED}
    assert len(harness.local.requests) == 16
    assert all(len(animation.attempts) == 2 for animation in ended)


async def test_a_dead_owner_is_followed_at_the_checkpoint(harness: RouterHarness) -> None:
    url = harness.new_database()
    first = await harness.start_router(database_url=url, **SHORT)
    ann = await harness.caller(first)
    harness.render.gate.clear()
    created = await ann.create()
    await until(lambda: bool(harness.render.requests))
    # Stopping at once hands nothing back: the lease runs out, as after a crash.
    await first.stop(at_once=True)
    harness.render.gate.set()
    bob = await harness.caller(await harness.start_router(database_url=url))
    ended = await bob.end_of(created.name)
    assert ended.state == SUCCEEDED
    assert len(harness.local.requests) == 1
    assert [a.outcome for a in ended.attempts if a.stage == RENDER] == [
        animation_pb2.ATTEMPT_OUTCOME_ABANDONED,
        animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED,
    ]


async def test_a_draining_owner_hands_back_at_once(harness: RouterHarness) -> None:
    url = harness.new_database()
    first = await harness.start_router(database_url=url, lease_seconds=600, renew_seconds=200)
    ann = await harness.caller(first)
    harness.render.gate.clear()
    created = await ann.create()
    await until(lambda: bool(harness.render.requests))
    await first.stop()
    harness.render.gate.set()
    bob = await harness.caller(await harness.start_router(database_url=url))
    ended = await bob.end_of(created.name)
    assert ended.state == SUCCEEDED
    assert [a.outcome for a in ended.attempts if a.stage == RENDER] == [
        animation_pb2.ATTEMPT_OUTCOME_CANCELLED,
        animation_pb2.ATTEMPT_OUTCOME_SUCCEEDED,
    ]


async def test_events_are_leased_and_deleted_when_acknowledged(harness: RouterHarness) -> None:
    server = await harness.start_router()
    ann = await harness.caller(server)
    feedback = await harness.caller(server, tenant="", kind="service", scopes=frozenset())
    created = await ann.create("a red circle")
    ended = await ann.end_of(created.name)

    async def pull(seconds: float) -> list[events_pb2.Event]:
        lease = duration_pb2.Duration()
        lease.FromNanoseconds(int(seconds * 1e9))
        request = event_service_pb2.PullEventsRequest(max_events=10, lease=lease)
        return list((await feedback.events.PullEvents(request)).events)

    (event,) = await pull(0.3)
    assert event.kind == events_pb2.EVENT_KIND_ANIMATION_ENDED
    assert event.animation == ended
    assert event.tenant == "acme"
    assert await pull(0.3) == []
    await asyncio.sleep(0.35)
    assert [again.id for again in await pull(0.3)] == [event.id]
    await ann.animations.DeleteAnimation(named("DeleteAnimation", created.name))
    await asyncio.sleep(0.35)
    stripped, deletion = await pull(30)
    assert stripped.id == event.id
    assert not stripped.animation.prompt
    assert not stripped.animation.storyboard
    assert deletion.kind == events_pb2.EVENT_KIND_ANIMATION_DELETED
    ids = [stripped.id, deletion.id]
    done = event_service_pb2.AcknowledgeEventsRequest(ids=[*ids, "unknown"])
    assert (await feedback.events.AcknowledgeEvents(done)).acknowledged == 2
    assert (await feedback.events.AcknowledgeEvents(done)).acknowledged == 0
    # People may not pull.
    error = await refused(ann.events.PullEvents(event_service_pb2.PullEventsRequest()))
    assert error.reason == "INTERNAL_ONLY"


async def test_downloads(harness: RouterHarness, ann: Caller) -> None:
    harness.render.gate.clear()
    created = await ann.create()
    early = await refused(ann.animations.DownloadVideo(named("DownloadVideo", created.name)))
    assert (early.code.name, early.reason) == ("FAILED_PRECONDITION", "VIDEO_NOT_READY")
    harness.render.gate.set()
    ended = await ann.end_of(created.name)
    whole = await read(ann.animations.DownloadVideo(named("DownloadVideo", created.name)))
    assert whole == harness.render.files[ended.video.artifact.key]
    part = named("DownloadVideo", created.name, read_offset=10, read_limit=20)
    assert await read(ann.animations.DownloadVideo(part)) == whole[10:30]
    picture = await read(ann.animations.DownloadPreview(named("DownloadPreview", created.name)))
    assert picture == harness.render.files[ended.preview.artifact.key]
