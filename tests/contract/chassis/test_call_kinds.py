"""Every kind of rpc, in every style a servicer may be written in, runs through the pipeline."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf import wrappers_pb2

from services.chassis.calls import Layer
from services.chassis.deadlines import remaining
from services.chassis.errors import Code, MeshError
from services.chassis.identity import current_principal
from services.chassis.rpc_errors import mesh_error
from tests.support.echo_service import SERVICE, echo, path, text

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]


def facts() -> wrappers_pb2.StringValue:
    principal, left = current_principal(), remaining()
    assert left is not None
    return text(f"{principal.kind}:{principal.tenant}:{left > 0}")


async def generator_stream(_request: Any, _context: Any) -> Any:
    for _ in range(2):
        yield facts()
        await asyncio.sleep(0)


async def coroutine_stream(_request: Any, context: Any) -> None:
    for _ in range(2):
        await context.write(facts())
        await asyncio.sleep(0)


def returned_stream(request: Any, context: Any) -> Any:
    return generator_stream(request, context)


async def unary(_request: Any, _context: Any) -> Any:
    return facts()


async def iterating_unary(requests: Any, _context: Any) -> Any:
    values = [request.value async for request in requests]
    return text(facts().value + "," + "".join(values))


async def reading_unary(_requests: Any, context: Any) -> Any:
    values = []
    while (request := await context.read()) is not grpc.aio.EOF:
        values.append(request.value)
    return text(facts().value + "," + "".join(values))


async def iterating_bidi(requests: Any, _context: Any) -> Any:
    async for request in requests:
        yield text(facts().value + "," + request.value)


async def reading_bidi(_requests: Any, context: Any) -> None:
    while (request := await context.read()) is not grpc.aio.EOF:
        await context.write(text(facts().value + "," + request.value))


async def some_requests() -> Any:
    for value in "ab":
        yield text(value)


async def test_unary(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": unary}) as e:
        assert (await e.stub.Unary(text(""), metadata=e.as_user)).value == "user:acme:True"


@pytest.mark.parametrize("behaviour", [generator_stream, coroutine_stream, returned_stream])
async def test_server_stream(serve_echo: Serve, behaviour: Any) -> None:
    async with serve_echo({"ServerStream": behaviour}) as e:
        got = [r.value async for r in e.stub.ServerStream(text(""), metadata=e.as_user)]
        assert got == ["user:acme:True"] * 2


@pytest.mark.parametrize("behaviour", [iterating_unary, reading_unary])
async def test_client_stream(serve_echo: Serve, behaviour: Any) -> None:
    async with serve_echo({"ClientStream": behaviour}) as e:
        answer = await e.stub.ClientStream(some_requests(), metadata=e.as_user)
        assert answer.value == "user:acme:True,ab"


@pytest.mark.parametrize("behaviour", [iterating_bidi, reading_bidi])
async def test_bidi_stream(serve_echo: Serve, behaviour: Any) -> None:
    async with serve_echo({"BidiStream": behaviour}) as e:
        got = [r.value async for r in e.stub.BidiStream(some_requests(), metadata=e.as_user)]
        assert got == ["user:acme:True,a", "user:acme:True,b"]
        sent = e.metrics.registry.get_sample_value(
            "grpc_server_msg_sent_total",
            {"grpc_type": "bidi_stream", "grpc_service": SERVICE, "grpc_method": "BidiStream"},
        )
        received = e.metrics.registry.get_sample_value(
            "grpc_server_msg_received_total",
            {"grpc_type": "bidi_stream", "grpc_service": SERVICE, "grpc_method": "BidiStream"},
        )
        assert (received, sent) == (2, 2)


async def test_handlers_that_forward_bytes_run_through_the_same_layers(serve_echo: Serve) -> None:
    seen = []

    class Forwarding(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            async def forward(request: bytes, _context: Any) -> Any:
                seen.append((request, current_principal().tenant))
                yield request

            return grpc.unary_stream_rpc_method_handler(forward)

    # The echo service itself serves nothing here: the handler answers for it.
    async with serve_echo({}, handlers=[Forwarding()]) as e:
        got = [r.value async for r in e.stub.ServerStream(text("x"), metadata=e.as_user)]
        assert got == ["x"]
        assert seen == [(text("x").SerializeToString(), "acme")]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await e.channel.unary_unary(path("Internal"))(b"", metadata=e.as_user)
        assert mesh_error(refused.value).reason == "INTERNAL_ONLY"
        # A name that nothing declares has no access rule: even an eager handler does not get it.
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await e.channel.unary_unary("/animathic.tests.v1.EchoService/Nothing")(b"", metadata=e.as_user)
        assert mesh_error(unknown.value).reason == "ROUTE_NOT_FOUND"
        assert len(seen) == 1


async def test_own_interceptors_and_layers_run_inside(serve_echo: Serve) -> None:
    order: list[str] = []

    class Inner(grpc.aio.ServerInterceptor):
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            if details.method.startswith(f"/{SERVICE}/"):
                order.append(f"interceptor {details.method}")
            return await continuation(details)

    class Extra(Layer):
        async def around(self, call: Any, proceed: Any) -> None:
            order.append(f"layer {call.principal.subject}")
            await proceed()

        def check(self, call: Any, message: Any) -> None:
            order.append(f"message {message.value}")
            if message.value == "bad":
                raise MeshError(Code.FAILED_PRECONDITION, "ANIMATION_ENDED", "Not this one.")

    async with serve_echo({"Unary": echo}, interceptors=[Inner()], layers=[Extra()]) as e:
        await e.stub.Unary(text("x"), metadata=e.as_user)
        assert order == [f"interceptor {path('Unary')}", "layer ann", "message x"]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await e.stub.Unary(text("bad"), metadata=e.as_user)
        assert mesh_error(refused.value).reason == "ANIMATION_ENDED"


@pytest.mark.parametrize("style", ["generator", "coroutine"])
async def test_a_cancelled_stream_ends_its_servicer_at_once(serve_echo: Serve, style: str) -> None:
    ended = asyncio.Event()
    how: list[BaseException | None] = []

    async def endless_generator(_request: Any, _context: Any) -> Any:
        try:
            while True:
                yield text("x" * 1000)
        except BaseException as error:
            how.append(error)
            raise
        finally:
            await asyncio.sleep(0)  # what is awaited here must still run
            ended.set()

    async def endless_coroutine(_request: Any, context: Any) -> None:
        try:
            while True:
                await context.write(text("x" * 1000))
        except BaseException as error:
            how.append(error)
            raise
        finally:
            await asyncio.sleep(0)
            ended.set()

    behaviour = endless_generator if style == "generator" else endless_coroutine
    async with serve_echo({"ServerStream": behaviour}) as e:
        call = e.stub.ServerStream(text(""), metadata=e.as_user)
        await call.read()
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        assert isinstance(how[0], asyncio.CancelledError | GeneratorExit | grpc.aio.BaseError)
        labels = {"grpc_type": "server_stream", "grpc_service": SERVICE, "grpc_method": "ServerStream"}
        for _ in range(50):
            value = e.metrics.registry.get_sample_value(
                "grpc_server_handled_total", labels | {"grpc_code": "Canceled"}
            )
            if value:
                break
            await asyncio.sleep(0.02)
        assert value == 1
        assert e.metrics.registry.get_sample_value("grpc_server_in_flight", labels) == 0


async def test_a_servicer_that_is_not_async_is_a_defect_that_is_named(serve_echo: Serve) -> None:
    def blocking(request: Any, _context: Any) -> Any:
        return text("no")

    async with serve_echo({"Unary": blocking}) as e:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await e.stub.Unary(text("x"), metadata=e.as_user)
        assert failed.value.code() is grpc.StatusCode.INTERNAL
