"""Those who use the routers in a seed: people who ask, watch, cancel and delete; a consumer of events."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import duration_pb2

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    event_service_pb2,
    event_service_pb2_grpc,
)
from services.chassis.channels import as_principal
from services.chassis.identity import IdentitySigner, Principal
from services.chassis.rpc_errors import mesh_error
from tests.drills.crash.history import FINAL, History, Story
from tests.drills.crash.processes import Replica

_TENANT = "drill"
_SCOPES = frozenset({"animations.read", "animations.write"})
_STARTED = animation_pb2.ATTEMPT_OUTCOME_STARTED
_CALL_SECONDS = 3.0


class Door:
    """Reaches any router that answers, and goes to the next when one does not.

    Args:
        replicas: The processes, as they are now.
        signer: Signs for the callers.
    """

    def __init__(self, replicas: Callable[[], list[Replica]], signer: IdentitySigner) -> None:
        self._replicas = replicas
        self._person = as_principal(signer, Principal(_TENANT, "ann", _SCOPES, "user"), ttl=300)
        self._service = as_principal(signer, Principal("", "feedback", frozenset(), "service"), ttl=300)
        self._channels: dict[int, grpc.aio.Channel] = {}

    async def channel(self) -> grpc.aio.Channel:
        """A channel to a router that answers."""
        while not (ready := [replica for replica in self._replicas() if replica.answers]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        port = random.choice(ready).port
        if port not in self._channels:
            self._channels[port] = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return self._channels[port]

    async def call(self, method: str, request: Any, *, service: bool = False) -> Any:
        """One call to one router. Raises MeshError."""
        channel = await self.channel()
        stub: Any = (
            event_service_pb2_grpc.EventServiceStub(channel)
            if service
            else animation_service_pb2_grpc.AnimationServiceStub(channel)
        )
        metadata = self._service if service else self._person
        try:
            return await getattr(stub, method)(request, metadata=metadata, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise mesh_error(error) from error

    async def watch(self, name: str) -> Any:
        """A stream of snapshots."""
        stub: Any = animation_service_pb2_grpc.AnimationServiceStub(await self.channel())
        request = animation_service_pb2.WatchAnimationRequest(name=name)
        return stub.WatchAnimation(request, metadata=self._person, timeout=_CALL_SECONDS)

    async def close(self) -> None:
        """Closes all channels."""
        for channel in self._channels.values():
            await channel.close()


class Person:
    """Asks for one animation, and sees it through."""

    def __init__(self, door: Door, story: Story, rng: random.Random) -> None:
        self._door = door
        self._story = story
        self._repeats = rng.random() < 0.5
        self._patience = rng.uniform(0.0, 0.5)

    async def live(self) -> None:
        """From the create to the end that the story shall have."""
        name = await self._create()
        if self._repeats:
            await self._create()
        if self._story.kind == "deleted_late":
            await self._watch(name)
            await self._intervene(name)
            return
        ending = asyncio.create_task(self._intervene(name))
        try:
            await self._watch(name)
            await ending
        finally:
            ending.cancel()

    async def _create(self) -> str:
        story = self._story
        wanted = animation_pb2.Animation()
        if story.kind == "scene":
            # A length of its own, and so a video of its own.
            length = 0.1 + int(hashlib.sha256(story.key.encode()).hexdigest()[:4], 16) / 1e5
            wanted.source_storyboard = f"c = circle red\ncreate c\nwait {length:.5f}\n"
        else:
            wanted.prompt = f"a red circle [{story.key} {story.kind}]"
        request = animation_service_pb2.CreateAnimationRequest(animation=wanted, request_id=story.key)
        answer = await self._persist("CreateAnimation", request)
        story.names.append(answer.name)
        return str(answer.name)

    async def _persist(self, method: str, request: Any) -> Any:
        """Repeats a call until somebody answers it. Raises MeshError where the answer is a refusal."""
        while True:
            try:
                return await self._door.call(method, request)
            except Exception as error:
                if not _is_no_answer(error):
                    raise
                await asyncio.sleep(0.05)

    async def _intervene(self, name: str) -> None:
        story = self._story
        if story.kind not in ("cancelled", "deleted", "deleted_late"):
            return
        await asyncio.sleep(self._patience)
        if story.kind == "cancelled":
            request: Any = animation_service_pb2.CancelAnimationRequest(name=name)
            try:
                await self._persist("CancelAnimation", request)
                story.cancel_answered = True
            except Exception as error:
                if _reason(error) != "ANIMATION_ENDED":
                    raise
            return
        request = animation_service_pb2.DeleteAnimationRequest(name=name)
        try:
            await self._persist("DeleteAnimation", request)
        except Exception as error:
            # A call whose answer was lost may have done it.
            if _reason(error) != "ANIMATION_NOT_FOUND":
                raise
        story.delete_answered = True

    async def _watch(self, name: str) -> None:
        while True:
            stream = await self._door.watch(name)
            try:
                async for response in stream:
                    snapshot = response.animation
                    running = sum(attempt.outcome == _STARTED for attempt in snapshot.attempts)
                    self._story.overlaps += running > 1
                    if snapshot.state in FINAL:
                        self._story.ends.append(snapshot)
                        return
            except grpc.aio.AioRpcError as error:
                failure = mesh_error(error)
                if failure.reason == "ANIMATION_NOT_FOUND" and self._story.kind == "deleted":
                    return
                if not _is_no_answer(failure):
                    raise failure from error
            finally:
                stream.cancel()
            await asyncio.sleep(0.05)


class Consumer:
    """Pulls events as feedback does: it stores by id, and now and then it forgets what it was doing."""

    def __init__(self, door: Door, history: History, rng: random.Random) -> None:
        self._door = door
        self._history = history
        self._rng = rng

    async def run(self) -> None:
        """Consumes until it is cancelled."""
        while True:
            try:
                pulled = await self._consume()
            except Exception as error:
                if not _is_no_answer(error):
                    raise
                pulled = 0
            await asyncio.sleep(0.01 if pulled else 0.1)

    async def _consume(self) -> int:
        request = event_service_pb2.PullEventsRequest(
            max_events=3, lease=duration_pb2.Duration(nanos=400_000_000)
        )
        events = (await self._door.call("PullEvents", request, service=True)).events
        if not events or self._rng.random() < 0.15:
            return len(events)
        for event in events:
            self._history.events[event.id] = event
        if self._rng.random() < 0.15:
            return len(events)
        done = event_service_pb2.AcknowledgeEventsRequest(ids=[event.id for event in events])
        await self._door.call("AcknowledgeEvents", done, service=True)
        return len(events)


def _reason(error: Exception) -> str:
    return getattr(error, "reason", "")


def _is_no_answer(error: Exception) -> bool:
    """Whether it is unknown what became of the call: the router died, was frozen, or had no database."""
    code = getattr(error, "code", None)
    return getattr(code, "name", "") in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")
