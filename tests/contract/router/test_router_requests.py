"""What callers may ask, what they may not, and what they are told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from animathic import scene as language
from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    model_adapter_service_pb2,
    model_service_pb2,
    scene_pb2,
)
from services.chassis.errors import MeshError
from services.chassis.rpc_errors import mesh_error
from services.chassis.server import ServiceServer
from tests.support.postgres import PostgresServer
from tests.support.postgres_database import create_database
from tests.support.router_harness import Caller, RouterHarness
from tests.support.scripted_adapter import Answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOCAL, GEMINI = "models/local-trained", "models/gemini-2.5-flash"
SUCCEEDED = animation_pb2.ANIMATION_STATE_SUCCEEDED


async def refused(call: Any) -> MeshError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return mesh_error(caught.value)


def create(**fields: Any) -> animation_service_pb2.CreateAnimationRequest:
    request_id = fields.pop("request_id", "")
    return animation_service_pb2.CreateAnimationRequest(
        animation=animation_pb2.Animation(**fields), request_id=request_id
    )


def options(**fields: Any) -> animation_pb2.AnimationOptions:
    return animation_pb2.AnimationOptions(**fields)


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (animation_service_pb2.CreateAnimationRequest(), "FIELD_INVALID", "animation"),
        (create(), "FIELD_INVALID", "animation.source"),
        (create(prompt=" \n "), "FIELD_INVALID", "animation.prompt"),
        (create(prompt="x" * 4001), "FIELD_INVALID", "animation.prompt"),
        (create(prompt="bell \x07"), "FIELD_INVALID", "animation.prompt"),
        (create(prompt="line\n" * 101), "FIELD_INVALID", "animation.prompt"),
        (create(prompt="x", request_id="no spaces"), "FIELD_INVALID", "request_id"),
        (create(prompt="x", options=options(strict=True)), "FIELD_INVALID", "animation.options"),
        (create(prompt="x", options=options(model="gpt")), "FIELD_INVALID", "animation.options.model"),
        (
            create(prompt="x", options=options(model="models/unknown")),
            "MODEL_NOT_FOUND",
            "animation.options.model",
        ),
        (create(prompt="x", options=options(quality_preset=99)), "FIELD_INVALID", "animation.options"),
        (create(source_storyboard=""), "FIELD_INVALID", "animation.source_storyboard"),
        (create(source_storyboard="c = circel red\n"), "SCENE_INVALID", "animation.source_storyboard"),
        (create(source_scene=scene_pb2.Scene()), "SCENE_INVALID", "animation.source_scene"),
    ],
    ids=str,
)
async def test_bad_creates(ann: Caller, request_: Any, reason: str, field: str) -> None:
    error = await refused(ann.animations.CreateAnimation(request_))
    assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", reason)
    assert any(violation.field.startswith(field) for violation in error.violations), error.violations
    assert all(violation.description for violation in error.violations)


async def test_an_invalid_storyboard_names_line_and_advice(ann: Caller) -> None:
    request = create(source_storyboard="c = circle red\ncreate d\n")
    error = await refused(ann.animations.CreateAnimation(request))
    assert "line 2" in error.violations[0].description
    assert "steps[0]" in error.violations[0].field
    assert error.violations[0].reason == "UNDEFINED_ELEMENT"
    assert "Nothing" not in error.message


@pytest.mark.parametrize("name", ["", "animations/", "animations/a b", "models/x", "animations/../x"])
@pytest.mark.parametrize("method", ["GetAnimation", "CancelAnimation", "DeleteAnimation"])
async def test_bad_names(ann: Caller, method: str, name: str) -> None:
    request = getattr(animation_service_pb2, f"{method}Request")(name=name)
    error = await refused(getattr(ann.animations, method)(request))
    assert (error.reason, error.violations[0].field) == ("FIELD_INVALID", "name")


async def test_unknown_names(ann: Caller) -> None:
    error = await refused(ann.get("animations/0000"))
    assert (error.code.name, error.reason) == ("NOT_FOUND", "ANIMATION_NOT_FOUND")


async def test_callers_need_their_scope(harness: RouterHarness, router: ServiceServer, ann: Caller) -> None:
    reader = await harness.caller(router, scopes=frozenset({"animations.read"}))
    assert (await refused(reader.create())).reason == "SCOPE_MISSING"
    nobody = await harness.caller(router, tenant="", kind="service")
    assert (await refused(nobody.create())).code.name == "PERMISSION_DENIED"


@pytest.mark.parametrize("form", ["scene", "storyboard"])
async def test_a_scene_of_the_callers_own_asks_no_model(
    harness: RouterHarness, ann: Caller, form: str
) -> None:
    text = "s = square blue\n\nfade_in s\n"
    fields: dict[str, Any] = {"source_storyboard": text}
    if form == "scene":
        fields = {"source_scene": language.parse(text)}
    created = await ann.animations.CreateAnimation(create(**fields))
    assert created.WhichOneof("source") == f"source_{form}"
    ended = await ann.end_of(created.name)
    assert ended.state == SUCCEEDED
    assert ended.storyboard == text
    assert ended.decision.reason == animation_pb2.DECISION_REASON_SCENE_GIVEN
    assert not harness.local.requests
    assert not harness.gemini.requests


async def test_refine_starts_from_the_scene(harness: RouterHarness, ann: Caller) -> None:
    parent = await ann.create("a red circle", quality_preset=2)
    ended = await ann.end_of(parent.name)
    harness.gemini.steps.append(Answer("c = circle blue\n\ncreate c\n"))
    request = animation_service_pb2.RefineAnimationRequest(
        name=parent.name, prompt="now make it blue", request_id="refine-1"
    )
    child = await ann.animations.RefineAnimation(request)
    assert child.parent == parent.name
    assert child.prompt == "now make it blue"
    assert child.options.quality_preset == 2
    done = await ann.end_of(child.name)
    assert done.state == SUCCEEDED
    assert "blue" in done.storyboard
    asked = harness.gemini.requests[-1]
    assert (asked.prompt, asked.parent_storyboard) == ("now make it blue", ended.storyboard)
    # Repeated when the parent is gone, it is the same child.
    await ann.animations.DeleteAnimation(animation_service_pb2.DeleteAnimationRequest(name=parent.name))
    assert (await ann.animations.RefineAnimation(request)).name == child.name
    request.request_id = "refine-2"
    assert (await refused(ann.animations.RefineAnimation(request))).reason == "ANIMATION_NOT_FOUND"


async def test_refine_needs_a_scene(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(local_adapter_target="", gemini_adapter_target=""))
    parent = await ann.end_of((await ann.create()).name)
    assert parent.state == animation_pb2.ANIMATION_STATE_FAILED
    request = animation_service_pb2.RefineAnimationRequest(name=parent.name, prompt="blue")
    error = await refused(ann.animations.RefineAnimation(request))
    assert (error.code.name, error.reason) == ("FAILED_PRECONDITION", "PARENT_WITHOUT_SCENE")


async def test_models_are_listed_with_what_to_set(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router(gemini_adapter_target=""))
    listed = (await ann.models.ListModels(model_service_pb2.ListModelsRequest())).models
    by_name = {model.name: model for model in listed}
    assert set(by_name) == {LOCAL, GEMINI}
    assert by_name[LOCAL].state == model_adapter_service_pb2.MODEL_STATE_READY
    assert by_name[LOCAL].serving_version == "v1"
    gemini = by_name[GEMINI]
    assert gemini.state == model_adapter_service_pb2.MODEL_STATE_NOT_SERVING
    assert gemini.reason == "not configured"
    assert "GOOGLE_AI_API_KEY" in gemini.advice
    assert "GEMINI_ADAPTER_TARGET" in gemini.advice
    assert await ann.models.GetModel(model_service_pb2.GetModelRequest(name=GEMINI)) == gemini
    first = await ann.models.ListModels(model_service_pb2.ListModelsRequest(page_size=1))
    second = model_service_pb2.ListModelsRequest(page_size=1, page_token=first.next_page_token)
    rest = await ann.models.ListModels(second)
    assert [m.name for m in (*first.models, *rest.models)] == sorted(by_name)
    assert not rest.next_page_token


async def test_health_of_models_is_followed(harness: RouterHarness) -> None:
    ann = await harness.caller(await harness.start_router())
    harness.gemini.description.state = model_adapter_service_pb2.MODEL_STATE_NOT_SERVING
    harness.gemini.description.reason = "no quota"
    request = model_service_pb2.GetModelRequest(name=GEMINI)
    while (await ann.models.GetModel(request)).reason != "no quota":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    explained = await ann.models.ExplainRoute(
        model_service_pb2.ExplainRouteRequest(prompt="explain the proof of everything in 3d")
    )
    decision = explained.decision
    assert (decision.model, decision.reason) == (LOCAL, animation_pb2.DECISION_REASON_ONLY_AVAILABLE)
    assert {c.model: c.unavailable_reason for c in decision.candidates}[GEMINI] == "no quota"
    assert decision.policy_version
    assert decision.complexity > 0.3


async def test_versions(ann: Caller) -> None:
    listed = await ann.models.ListModelVersions(model_service_pb2.ListModelVersionsRequest(parent=LOCAL))
    assert [version.name for version in listed.model_versions] == [f"{LOCAL}/versions/v1"]
    request = model_service_pb2.GetModelVersionRequest(name=f"{LOCAL}/versions/v1")
    assert (await ann.models.GetModelVersion(request)).name == request.name
    request.name = f"{LOCAL}/versions/v2"
    assert (await refused(ann.models.GetModelVersion(request))).reason == "MODEL_NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "request_", "reason"),
    [
        ("GetModel", model_service_pb2.GetModelRequest(name="models/nobody"), "MODEL_NOT_FOUND"),
        ("GetModel", model_service_pb2.GetModelRequest(name="nobody"), "FIELD_INVALID"),
        ("ListModels", model_service_pb2.ListModelsRequest(page_token="x"), "FIELD_INVALID"),
        ("ListModels", model_service_pb2.ListModelsRequest(page_size=101), "FIELD_INVALID"),
        ("ExplainRoute", model_service_pb2.ExplainRouteRequest(), "FIELD_INVALID"),
        ("ListModelAliases", model_service_pb2.ListModelAliasesRequest(parent=LOCAL), "NOT_IMPLEMENTED"),
        (
            "ListTuningJobs",
            model_service_pb2.ModelServiceListTuningJobsRequest(parent=LOCAL),
            "NOT_IMPLEMENTED",
        ),
        (
            "GetTuningJob",
            model_service_pb2.ModelServiceGetTuningJobRequest(name=f"{LOCAL}/tuningJobs/1"),
            "NOT_IMPLEMENTED",
        ),
        (
            "CancelTuningJob",
            model_service_pb2.ModelServiceCancelTuningJobRequest(name=f"{LOCAL}/tuningJobs/1"),
            "NOT_IMPLEMENTED",
        ),
    ],
)
async def test_bad_model_requests(ann: Caller, method: str, request_: Any, reason: str) -> None:
    assert (await refused(getattr(ann.models, method)(request_))).reason == reason


class Cable:
    """A cable between the router and its database, which can be pulled."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._plugged = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def lay(self) -> int:
        """Begins to carry; returns the port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def pull(self) -> None:
        """Cuts every connection, and refuses new ones."""
        self._plugged = False
        for writer in self._writers:
            writer.transport.abort()

    def plug(self) -> None:
        """Carries again."""
        self._plugged = True

    def close(self) -> None:
        """Ends it."""
        self.pull()
        if self._server is not None:
            self._server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._plugged:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._there)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def cable_to(server: PostgresServer) -> AsyncIterator[tuple[Cable, Callable[[], str]]]:
    url = create_database(server)
    parts = urlsplit(url)
    cable = Cable("127.0.0.1", server.port)
    port = await cable.lay()
    try:
        yield cable, lambda: url.replace(f":{parts.port}/", f":{port}/")
    finally:
        cable.close()


async def test_work_outlasts_an_outage_of_the_database(
    harness: RouterHarness, postgres: PostgresServer
) -> None:
    async with cable_to(postgres) as (cable, url):
        # The lease is longer than the outage: the owner goes on where it waits.
        server = await harness.start_router(database_url=url(), lease_seconds=20, renew_seconds=1)
        ann = await harness.caller(server)
        harness.render.gate.clear()
        created = await ann.create()
        await ann.until(created.name, animation_pb2.ANIMATION_STATE_RENDERING)
        while not harness.render.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        cable.pull()
        for call in (ann.create("another"), ann.get(created.name)):
            error = await refused(call)
            assert (error.code.name, error.reason) == ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
            assert error.retry_after
        # The rendering ends meanwhile, and its result waits.
        harness.render.gate.set()
        await asyncio.sleep(0.5)
        cable.plug()
        ended = await ann.end_of(created.name)
        assert ended.state == SUCCEEDED
        assert len(ended.attempts) == 2
        assert len(harness.render.requests) == 1
        await server.stop(at_once=True)
