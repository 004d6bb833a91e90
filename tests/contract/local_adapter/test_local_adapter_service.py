"""ModelAdapterService of local_adapter over a real socket, with real llama.cpp behind it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from animathic.v1 import model_adapter_service_pb2 as pb
from animathic.v1 import model_adapter_service_pb2_grpc, quality_pb2
from services.chassis.channels import MeshChannel
from services.chassis.errors import Code, MeshError
from services.chassis.identity import IdentitySigner, Principal, read_mesh_keys
from services.chassis.rpc_errors import mesh_error
from services.chassis.server import ServiceServer
from services.local_adapter.app import build
from services.local_adapter.config import LocalAdapterSettings
from services.local_adapter.servicer import SERVICE
from tests.support.scripted_http import ScriptedServer, answering, streaming
from tests.support.serving import channel_to, running


class Mesh:
    """A running local_adapter and a caller."""

    def __init__(self, server: ServiceServer, channel: MeshChannel, signer: IdentitySigner) -> None:
        self.server = server
        self.channel = channel
        self.signer = signer
        self.stub = model_adapter_service_pb2_grpc.ModelAdapterServiceStub(channel)

    async def generate(self, timeout: float = 20, **fields: Any) -> list[pb.GenerateSceneResponse]:  # noqa: ASYNC109
        call = self.stub.GenerateScene(pb.GenerateSceneRequest(**fields), timeout=timeout)
        return [response async for response in call]

    async def describe(self) -> pb.DescribeModelResponse:
        return await self.stub.DescribeModel(pb.DescribeModelRequest(), timeout=5)

    async def health(self, service: str) -> int:
        check = health_pb2_grpc.HealthStub(self.channel).Check  # type: ignore[no-untyped-call]
        return int((await check(health_pb2.HealthCheckRequest(service=service), timeout=5)).status)

    async def until_state(self, state: int, seconds: float = 10) -> pb.DescribeModelResponse:
        deadline = time.monotonic() + seconds
        while (described := await self.describe()).state != state:
            assert time.monotonic() < deadline, described
            await asyncio.sleep(0.02)
        return described

    async def until_slots(self, seconds: float = 2, **used: int) -> None:
        deadline = time.monotonic() + seconds
        for use, count in used.items():
            while self.metric("animathic_model_slots", model="local-trained", use=use) != count:
                assert time.monotonic() < deadline, f"{use} is not {count}"
                await asyncio.sleep(0.01)

    def metric(self, name: str, **labels: str) -> float:
        return self.server.metrics.registry.get_sample_value(name, labels) or 0.0


StartMesh = Callable[..., AbstractAsyncContextManager[Mesh]]


@pytest.fixture
def start_mesh(tmp_path: Path) -> StartMesh:
    key_file = tmp_path / "mesh.key"
    key_file.write_text(secrets.token_hex(32))

    @asynccontextmanager
    async def start(**changes: Any) -> AsyncIterator[Mesh]:
        values = {
            "grpc_listen": "127.0.0.1:0",
            "admin_listen": "127.0.0.1:0",
            "mesh_key_file": key_file,
            "local_adapter_file": "none",
        }
        settings = LocalAdapterSettings(_env_file=None, **(values | changes))
        signer = IdentitySigner(read_mesh_keys(key_file)[0], "router")
        async with running(await build(settings)) as server, channel_to(server, signer) as channel:
            yield Mesh(server, channel, signer)

    return start


async def refused(call: Any) -> MeshError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return mesh_error(caught.value)


@pytest.mark.asyncio
async def test_generates_under_the_grammar_and_judges_the_answer(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        ready = await mesh.until_state(pb.MODEL_STATE_READY)
        assert (ready.model, ready.backend, ready.remote) == (
            "models/local-trained",
            "embedded llama.cpp",
            False,
        )
        assert ready.slots == 2
        assert ready.model_version == "smollm2-135m-base"
        assert await mesh.health(SERVICE) == health_pb2.HealthCheckResponse.SERVING

        first, *progress, last = await mesh.generate(prompt="a red circle turns into a blue square")
        assert first.accepted.model_version == "smollm2-135m-base"
        assert progress, "nothing was streamed"
        assert all(response.HasField("progress") for response in progress)
        result = last.result
        assert result.WhichOneof("outcome") in {"scene", "invalid", "declined"}
        lines = [line for response in progress for line in response.progress.lines]
        assert "\n".join(lines).rstrip("\n") == result.storyboard
        tokens = [response.progress.output_tokens for response in progress]
        assert tokens == sorted(tokens)
        assert result.usage.output_tokens >= tokens[-1] - 1
        assert 0 <= result.confidence <= 1
        assert result.elapsed.ToSeconds() < 20
        if result.HasField("invalid"):
            assert any(issue.severity == quality_pb2.SEVERITY_ERROR for issue in result.issues)
        assert mesh.metric("animathic_tokens_total", model="local-trained", direction="output") > 0
        assert mesh.metric("animathic_model_slots", model="local-trained", use="free") == 2


@pytest.mark.asyncio
async def test_without_its_adapter_it_comes_up_and_says_why_it_does_not_serve(
    start_mesh: StartMesh, tmp_path: Path
) -> None:
    async with start_mesh(local_adapter_file=str(tmp_path / "adapter.gguf")) as mesh:
        described = await mesh.until_state(pb.MODEL_STATE_NOT_SERVING)
        assert "there is no adapter at" in described.reason
        assert "make train-local" in described.advice
        assert await mesh.health(SERVICE) == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await mesh.health("") == health_pb2.HealthCheckResponse.SERVING
        error = await refused(mesh.generate(prompt="a circle"))
        assert (error.code, error.reason) == (Code.UNAVAILABLE, "MODEL_FAILED")
        assert "make train-local" in error.message


@pytest.mark.asyncio
async def test_a_killed_model_is_not_serving_until_it_is_back(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        os.kill(child_of(os.getpid()), signal.SIGKILL)
        down = await mesh.until_state(pb.MODEL_STATE_STARTING)
        assert "signal 9" in down.reason
        assert await mesh.health(SERVICE) == health_pb2.HealthCheckResponse.NOT_SERVING
        await mesh.until_state(pb.MODEL_STATE_READY)
        await asyncio.sleep(0)
        assert await mesh.health(SERVICE) == health_pb2.HealthCheckResponse.SERVING
        call = mesh.stub.GenerateScene(pb.GenerateSceneRequest(prompt="a circle"), timeout=20)
        assert (await call.read()).HasField("accepted")
        assert (await call.read()).HasField("progress")
        call.cancel()


def child_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ours = [c for c in children if "llama_child" in Path(f"/proc/{c}/cmdline").read_text()]
    # The session's own server may run as well: the newest is this test's.
    return int(ours[-1])


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_frees_its_slot(start_mesh: StartMesh) -> None:
    async with start_mesh(local_slots=1, local_queue=0) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        request = pb.GenerateSceneRequest(prompt="a blue square becomes a circle")
        call = mesh.stub.GenerateScene(request, timeout=20)
        assert (await call.read()).HasField("accepted")
        assert mesh.metric("animathic_model_slots", model="local-trained", use="busy") == 1
        call.cancel()
        began = time.monotonic()
        await mesh.until_slots(busy=0)
        again = mesh.stub.GenerateScene(request, timeout=20)
        first = await again.read()
        progress = await again.read()
        assert first.HasField("accepted")
        assert progress.HasField("progress")
        assert time.monotonic() - began < 4, "the model went on with the answer that nobody waits for"
        again.cancel()


@pytest.mark.asyncio
async def test_beyond_slots_and_queue_it_says_come_back(start_mesh: StartMesh) -> None:
    async with start_mesh(local_slots=1, local_queue=1) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        request = pb.GenerateSceneRequest(prompt="a blue square becomes a circle")
        running_call = mesh.stub.GenerateScene(request, timeout=20)
        await running_call.read()
        waiting_call = mesh.stub.GenerateScene(request, timeout=20)
        await mesh.until_slots(waiting=1)
        error = await refused(mesh.generate(prompt="a circle"))
        assert (error.code, error.reason) == (Code.RESOURCE_EXHAUSTED, "SLOTS_TAKEN")
        assert error.retry_after is not None
        assert error.retry_after > 0
        running_call.cancel()
        assert (await waiting_call.read()).HasField("accepted"), "the one that waited is next"
        waiting_call.cancel()


@pytest.mark.asyncio
async def test_what_it_has_not_learned_is_declined_at_once(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        for fields, reason in (
            (
                {"prompt": "make it green", "parent_storyboard": "a = circle\n\ncreate a"},
                "has not learned to change",
            ),
            ({"prompt": "circle " * 500}, "up to 600 characters"),
        ):
            first, last = await mesh.generate(**fields)
            assert first.HasField("accepted")
            assert reason in last.result.declined.reason


@pytest.mark.asyncio
async def test_a_version_that_does_not_serve_is_not_found(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        error = await refused(mesh.generate(prompt="a circle", model_version="smollm2-135m-lora-0"))
        assert (error.code, error.reason) == (Code.NOT_FOUND, "MODEL_NOT_FOUND")
        assert "smollm2-135m-base" in error.message


@pytest.mark.asyncio
async def test_an_answer_beyond_the_deadline_is_ended(start_mesh: StartMesh) -> None:
    async with start_mesh(local_timeout_seconds=0.7) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        error = await refused(mesh.generate(prompt="a blue square becomes a circle"))
        assert (error.code, error.reason) == (Code.DEADLINE_EXCEEDED, "MODEL_TIMEOUT")
        assert mesh.metric("animathic_model_slots", model="local-trained", use="busy") == 0


@pytest.mark.asyncio
async def test_requests_that_break_the_contract_name_the_field(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        for fields, field in (
            ({"prompt": ""}, "prompt"),
            ({"prompt": "x" * 4001}, "prompt"),
            ({"prompt": "x", "parent_storyboard": "x" * 100_001}, "parent_storyboard"),
            ({"prompt": "x", "model_version": "v" * 129}, "model_version"),
        ):
            error = await refused(mesh.generate(**fields))
            assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "FIELD_INVALID")
            assert [violation.field for violation in error.violations] == [field]


def words(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n".encode()


END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
FENCED = "Sure, here it is:\n```\na = circle red\n\ncreate a\n```\nEnjoy!"
LISTED = answering({"data": [{"id": "tiny", "owned_by": "somebody"}]})


@pytest.mark.asyncio
async def test_a_server_of_somebody_else(start_mesh: StartMesh, script: ScriptedServer) -> None:
    script.on("GET /v1/models", LISTED)
    script.on("POST /v1/chat/completions", streaming([*(words(part) for part in FENCED), END]))
    async with start_mesh(local_infer_url=f"{script.url}/v1", local_infer_api_key="sk-1") as mesh:
        described = await mesh.until_state(pb.MODEL_STATE_READY)
        assert described.backend == f"openai at {script.url}"
        assert described.model_version == "somebody:tiny"
        assert not described.remote
        *_, last = await mesh.generate(prompt="a red circle")
        assert last.result.storyboard == "a = circle red\n\ncreate a"
        assert last.result.scene.elements[0].style.color == "red"
        assert not last.result.HasField("confidence")
        assert script.requests[-1].headers["authorization"] == "Bearer sk-1"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("a = circel\ncreate a", "unknown_kind"),
        ("I am not sure what you mean.", "unknown_statement"),
        ("", "empty_scene"),
    ],
)
async def test_an_invalid_answer_is_a_result_with_its_issues(
    start_mesh: StartMesh, script: ScriptedServer, answer: str, code: str
) -> None:
    script.on("GET /v1/models", LISTED)
    script.on("POST /v1/chat/completions", streaming([words(answer), END]))
    async with start_mesh(local_infer_url=script.url) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        *_, last = await mesh.generate(prompt="a red circle")
        assert last.result.HasField("invalid")
        assert code in [issue.code for issue in last.result.issues]
        assert last.result.storyboard == answer


@pytest.mark.asyncio
async def test_a_server_that_trickles_is_ended_by_the_deadline(
    start_mesh: StartMesh, script: ScriptedServer
) -> None:
    script.on("GET /v1/models", LISTED)
    script.on("POST /v1/chat/completions", streaming([words("# "), *[0.1, words("x")] * 100]))
    async with start_mesh(local_infer_url=script.url) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        error = await refused(mesh.generate(prompt="a red circle", timeout=2))
        assert (error.code, error.reason) == (Code.DEADLINE_EXCEEDED, "MODEL_TIMEOUT")
        await mesh.until_slots(busy=0)


@pytest.mark.asyncio
async def test_an_answer_without_end_is_cut_and_judged(start_mesh: StartMesh, script: ScriptedServer) -> None:
    script.on("GET /v1/models", LISTED)
    script.on(
        "POST /v1/chat/completions", streaming([words("a = circle\n"), *[words("x" * 1000)] * 1000, END])
    )
    async with start_mesh(local_infer_url=script.url) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        *_, last = await mesh.generate(prompt="a red circle")
        assert last.result.HasField("invalid")
        assert "too_long" in [issue.code for issue in last.result.issues]
        assert len(last.result.storyboard) < 50_000


@pytest.mark.asyncio
async def test_only_services_of_the_mesh_may_ask(start_mesh: StartMesh) -> None:
    async with start_mesh() as mesh:
        person = Principal("tenant", "somebody", frozenset({"animations.write"}), "user")
        metadata = (("animathic-principal", mesh.signer.token(person)),)
        error = await refused(
            mesh.stub.DescribeModel(pb.DescribeModelRequest(), timeout=5, metadata=metadata)
        )
        assert (error.code, error.reason) == (Code.PERMISSION_DENIED, "INTERNAL_ONLY")


@pytest.mark.asyncio
async def test_the_admin_port_shows_slots_and_health(start_mesh: StartMesh) -> None:
    async with start_mesh(local_slots=3) as mesh:
        await mesh.until_state(pb.MODEL_STATE_READY)
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = (await client.get(f"http://127.0.0.1:{mesh.server.admin_port}/metrics")).text
    assert re.search(r'animathic_model_slots\{model="local-trained",use="free"\} 3\.0', shown)
