"""What a mesh channel adds to a call: identity, trace, retries, a choice among replicas."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from animathic.v1 import (
    model_adapter_service_pb2,
    model_adapter_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
)
from services.chassis.channels import as_principal, open_channel
from services.chassis.errors import Code, MeshError
from services.chassis.identity import IdentitySigner, IdentityVerifier, current_principal
from services.chassis.metrics import Metrics
from services.chassis.rpc_errors import mesh_error
from services.chassis.server import ServiceServer
from services.chassis.tracing import current_trace_id, current_traceparent, span
from tests.support.echo_service import SERVICE, EchoStub, echo, path, text
from tests.support.serving import channel_to, running, settings_for_tests

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]


class Flaky:
    """Fails `times` times with a code, then answers."""

    def __init__(self, times: int, code: Code = Code.UNAVAILABLE) -> None:
        self.times = times
        self.code = code
        self.calls = 0

    async def __call__(self, request: Any, _context: Any) -> Any:
        self.calls += 1
        if self.calls <= self.times:
            raise MeshError(self.code, "DATABASE_UNAVAILABLE", "Not now.")
        return text(request.value)


async def test_unavailable_is_retried_and_nothing_else(serve_echo: Serve) -> None:
    behaviour = Flaky(2)
    # gRPC asks for a coroutine function; an object with an async call is not one.
    async with serve_echo({"Unary": behaviour.__call__}) as e:
        assert (await e.stub.Unary(text("x"), metadata=e.as_user)).value == "x"
        assert behaviour.calls == 3
    for code in (Code.INTERNAL, Code.RESOURCE_EXHAUSTED, Code.DEADLINE_EXCEEDED, Code.ABORTED):
        behaviour = Flaky(2, code)
        async with serve_echo({"Unary": behaviour.__call__}) as e:
            with pytest.raises(grpc.aio.AioRpcError):
                await e.stub.Unary(text("x"), metadata=e.as_user)
            assert behaviour.calls == 1, code


async def test_a_channel_can_be_opened_without_retries(serve_echo: Serve) -> None:
    behaviour = Flaky(1)
    async with serve_echo({"Unary": behaviour.__call__}, channel={"retries": False}) as e:
        with pytest.raises(grpc.aio.AioRpcError):
            await e.stub.Unary(text("x"), metadata=e.as_user)
        assert behaviour.calls == 1


async def test_retries_end(serve_echo: Serve) -> None:
    behaviour = Flaky(100)
    async with serve_echo({"Unary": behaviour.__call__}) as e:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await e.stub.Unary(text("x"), metadata=e.as_user)
        assert mesh_error(failed.value).reason == "DATABASE_UNAVAILABLE"
        assert behaviour.calls == 4


async def test_retries_are_throttled_when_everything_fails(serve_echo: Serve) -> None:
    behaviour = Flaky(10_000)
    async with serve_echo({"Unary": behaviour.__call__}) as e:

        async def attempt() -> None:
            with pytest.raises(grpc.aio.AioRpcError):
                await e.stub.Unary(text("x"), metadata=e.as_user)

        await asyncio.gather(*(attempt() for _ in range(40)))
        behaviour.calls = 0
        await asyncio.gather(*(attempt() for _ in range(20)))
        # Half of the tokens are gone: each call is one attempt, and the server gets air.
        assert behaviour.calls == 20


async def test_a_model_and_a_render_are_never_asked_twice(
    signer: IdentitySigner, verifier: IdentityVerifier
) -> None:
    calls: list[str] = []

    class Servicer:
        def __getattr__(self, name: str) -> Any:
            if name in ("GenerateScene", "RenderScene"):

                async def stream(_request: Any, _context: Any) -> Any:
                    calls.append(name)
                    raise MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "Not now.")
                    yield

                return stream

            async def unary(_request: Any, _context: Any) -> Any:
                calls.append(name)
                raise MeshError(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "Not now.")

            return unary

    server = ServiceServer(settings_for_tests(), name="t", metrics=Metrics(), verifier=verifier)
    adapters, renders = model_adapter_service_pb2_grpc, render_service_pb2_grpc
    server.add(
        adapters.add_ModelAdapterServiceServicer_to_server, Servicer(), "animathic.v1.ModelAdapterService"
    )
    server.add(renders.add_RenderServiceServicer_to_server, Servicer(), "animathic.v1.RenderService")
    generate = model_adapter_service_pb2.GenerateSceneRequest(prompt="a red circle")
    render = render_service_pb2.RenderSceneRequest(holder="animations/1")
    render.scene.SetInParent()
    async with running(server), channel_to(server, signer) as channel:
        adapter = adapters.ModelAdapterServiceStub(channel)
        renderer = renders.RenderServiceStub(channel)
        for stream in (adapter.GenerateScene(generate), renderer.RenderScene(render)):
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                async for _ in stream:
                    pass
            assert mesh_error(failed.value).code is Code.UNAVAILABLE, mesh_error(failed.value)
        assert sorted(calls) == ["GenerateScene", "RenderScene"]
        # Other methods of the same services are.
        with pytest.raises(grpc.aio.AioRpcError):
            await adapter.DescribeModel(model_adapter_service_pb2.DescribeModelRequest())
        assert calls.count("DescribeModel") == 4


async def test_the_caller_is_the_service_unless_it_acts_for_somebody(
    serve_echo: Serve, signer: Any, user: Any
) -> None:
    async def who(_request: Any, _context: Any) -> Any:
        caller = current_principal()
        return text(f"{caller.kind} {caller.subject} {caller.tenant}")

    async with serve_echo({"Unary": who}) as e:
        assert (await e.stub.Unary(text(""))).value == "service gateway "
        metadata = as_principal(signer, user("echo.read", tenant="umbrella"))
        assert (await e.stub.Unary(text(""), metadata=metadata)).value == "user ann umbrella"


async def test_a_call_without_timeout_gets_one(serve_echo: Serve) -> None:
    async def left(_request: Any, context: Any) -> Any:
        return text(f"{context.time_remaining():.2f}")

    async with serve_echo({"Unary": left}, channel={"default_deadline": 9}) as e:
        assert 8 < float((await e.stub.Unary(text(""))).value) <= 9.1
        assert 2 < float((await e.stub.Unary(text(""), timeout=3)).value) <= 3.1
    async with serve_echo({"Unary": left}, channel={"deadlines": {path("Unary"): 100}}) as e:
        assert 99 < float((await e.stub.Unary(text(""))).value) <= 101


async def test_calls_go_round_the_replicas_and_around_a_draining_one(
    signer: IdentitySigner, serve_echo: Serve
) -> None:
    def named(name: str) -> Any:
        async def answer(_request: Any, _context: Any) -> Any:
            return text(name)

        return answer

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serve_echo({"Unary": named("first")}))
        second = await stack.enter_async_context(serve_echo({"Unary": named("second")}))
        target = f"ipv4:127.0.0.1:{first.server.port},127.0.0.1:{second.server.port}"
        channel = await stack.enter_async_context(open_channel(target, signer=signer))
        stub = EchoStub(channel)

        async def answers(count: int) -> list[str]:
            return [(await stub.Unary(text(""))).value for _ in range(count)]

        for _ in range(50):
            if set(await answers(4)) == {"first", "second"}:
                break
            await asyncio.sleep(0.05)
        got = await answers(10)
        assert (got.count("first"), got.count("second")) == (5, 5)
        # The first says NOT_SERVING, and still answers: nobody picks it any more.
        await first.server.health.drain()
        for _ in range(50):
            if set(await answers(4)) == {"second"}:
                break
            await asyncio.sleep(0.05)
        assert set(await answers(10)) == {"second"}


async def test_a_trace_crosses_hops_and_a_queue(serve_echo: Serve, spans: InMemorySpanExporter) -> None:
    stored: list[str] = []
    inside: list[str] = []

    async def keep(request: Any, _context: Any) -> Any:
        stored.append(current_traceparent())
        inside.append(current_trace_id())
        return request

    async with serve_echo({"Unary": keep}) as behind:

        async def front(request: Any, _context: Any) -> Any:
            inside.append(current_trace_id())
            return await behind.stub.Unary(request, metadata=behind.as_user)

        async with serve_echo({"Unary": front}) as e:
            with span("the beginning"):
                begun = current_trace_id()
                await e.stub.Unary(text(""), metadata=e.as_user)
        assert inside == [begun, begun]
        # Much later, from the row in the database:
        assert current_trace_id() == ""
        with span("resumed", traceparent=stored[0], attributes={"stage": "render"}):
            assert current_trace_id() == begun
        with span("without a trace", traceparent=""):
            assert current_trace_id() not in ("", begun)
    await asyncio.sleep(0.05)
    names = [(each.name, each.kind.name) for each in spans.get_finished_spans()]
    method = path("Unary").removeprefix("/")
    assert names.count((method, "SERVER")) == 2
    assert names.count((method, "CLIENT")) == 2
    server_spans = [each for each in spans.get_finished_spans() if each.kind.name == "SERVER"]
    assert all(each.attributes["rpc.grpc.status_code"] == 0 for each in server_spans if each.attributes)
    assert ("resumed", "INTERNAL") in names


async def test_what_is_left_alone(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": echo}) as e:
        await asyncio.wait_for(e.channel.channel_ready(), 5)
        assert e.channel.get_state() is grpc.ChannelConnectivity.READY
        codec = (lambda b: b, lambda b: b)
        sent = text("bytes").SerializeToString()
        assert await e.channel.unary_unary(path("Unary"), *codec)(sent, metadata=e.as_user) == sent


async def test_a_call_that_cannot_begin_is_counted(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": echo}) as e:
        await e.channel.close()
        with pytest.raises(grpc.aio.UsageError):
            await e.stub.Unary(text("x"))
        labels = {"grpc_type": "unary", "grpc_service": SERVICE, "grpc_method": "Unary"}
        assert (
            e.client_metrics.registry.get_sample_value(
                "grpc_client_handled_total", labels | {"grpc_code": "Unknown"}
            )
            == 1
        )
