"""What a caller meets when a handler fails, in whatever way."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from animathic.v1 import (
    animation_pb2,
    animation_service_pb2,
    animation_service_pb2_grpc,
    render_service_pb2,
    render_service_pb2_grpc,
)
from services.chassis.calls import ServerCall
from services.chassis.channels import open_channel
from services.chassis.errors import Code, FieldViolation, MeshError
from services.chassis.logging import configure_logging
from services.chassis.metrics import Metrics
from services.chassis.rpc_errors import DETAILS_KEY, mesh_error
from services.chassis.server import ServiceServer
from tests.support.echo_service import EchoStub, echo, path, text
from tests.support.ports import free_port
from tests.support.serving import channel_to, running, settings_for_tests

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]

FULL = MeshError(
    Code.RESOURCE_EXHAUSTED,
    "TENANT_QUEUE_FULL",
    "The queue is full — wait for an animation to end.",
    violations=[FieldViolation("animation.prompt", "too long", "STRING_MAX_LEN")],
    retry_after=2.5,
    metadata={"limit": "100"},
    quota=[("tenant:acme", "100 animations at a time")],
)


def raising(error: BaseException) -> Callable[..., Any]:
    async def fail(_request: Any, _context: Any) -> Any:
        raise error

    return fail


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value


async def test_every_detail_of_a_mesh_error_reaches_the_caller(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": raising(FULL)}) as e:
        met = await failure(e.stub.Unary(text(""), metadata=e.as_user))
        assert met.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert met.details() == FULL.message
        error = mesh_error(met)
        for name in ("code", "reason", "message", "violations", "retry_after", "metadata", "quota"):
            assert getattr(error, name) == getattr(FULL, name), name
        raw = dict(met.trailing_metadata() or ())[DETAILS_KEY]
        status = status_pb2.Status.FromString(raw)
        assert [d.TypeName() for d in status.details] == [
            "google.rpc.ErrorInfo",
            "google.rpc.BadRequest",
            "google.rpc.RetryInfo",
            "google.rpc.QuotaFailure",
        ]


@pytest.mark.parametrize("style", ["generator", "coroutine"])
async def test_an_error_in_the_middle_of_a_stream(serve_echo: Serve, style: str) -> None:
    async def generating(_request: Any, _context: Any) -> Any:
        yield text("first")
        raise FULL

    async def writing(_request: Any, context: Any) -> None:
        await context.write(text("first"))
        raise FULL

    async with serve_echo({"ServerStream": generating if style == "generator" else writing}) as e:
        stream = e.stub.ServerStream(text(""), metadata=e.as_user)
        assert (await stream.read()).value == "first"
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stream.read()
        assert mesh_error(failed.value).quota == FULL.quota


async def test_an_unexpected_exception_tells_nothing_but_the_trace_id(
    serve_echo: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve_echo({"Unary": raising(RuntimeError("password=hunter2"))}) as e:
        with caplog.at_level(logging.ERROR):
            met = await failure(e.stub.Unary(text(""), metadata=e.as_user))
    error = mesh_error(met)
    assert (error.code, error.reason) == (Code.INTERNAL, "INTERNAL")
    assert len(error.metadata["trace_id"]) == 32
    everything = f"{met.details()} {met.trailing_metadata()} {met.debug_error_string()}"
    assert "hunter2" not in everything
    assert "RuntimeError" not in everything


async def test_the_log_holds_what_the_caller_is_not_told(
    serve_echo: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("echo")
    async with serve_echo({"Unary": raising(RuntimeError("the cause"))}) as e:
        error = mesh_error(await failure(e.stub.Unary(text(""), metadata=e.as_user)))
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (event,) = [each for each in events if each["level"] == "error"]
    assert event["trace_id"] == error.metadata["trace_id"]
    assert "the cause" in event["exception"]
    assert event["service"] == "echo"


async def test_an_error_of_a_callee_passes_with_its_details(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": raising(FULL)}) as behind:

        async def front(request: Any, _context: Any) -> Any:
            return await behind.stub.Unary(request, metadata=behind.as_user)

        async with serve_echo({"Unary": front}) as e:
            error = mesh_error(await failure(e.stub.Unary(text(""), metadata=e.as_user)))
            assert (error.reason, error.quota) == (FULL.reason, FULL.quota)


async def test_a_callee_that_cannot_be_reached(serve_echo: Serve, signer: Any) -> None:
    async with open_channel(f"127.0.0.1:{free_port()}", signer=signer) as nowhere:

        async def front(request: Any, _context: Any) -> Any:
            return await EchoStub(nowhere).Unary(request, timeout=3)

        async with serve_echo({"Unary": front}, channel={"never_retried": (path("Unary"),)}) as e:
            met = await failure(e.stub.Unary(text(""), metadata=e.as_user))
            error = mesh_error(met)
            assert (error.code, error.reason) == (Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE")
            assert error.retry_after == 1.0
            # Addresses inside the mesh are nobody's business.
            assert "127.0.0.1" not in (met.details() or "")


async def test_a_servicer_may_abort_by_itself(serve_echo: Serve) -> None:
    async def aborting(_request: Any, context: ServerCall) -> Any:
        await context.abort(grpc.StatusCode.DATA_LOSS, "gone")

    async with serve_echo({"Unary": aborting}) as e:
        met = await failure(e.stub.Unary(text(""), metadata=e.as_user))
        assert (met.code(), met.details()) == (grpc.StatusCode.DATA_LOSS, "gone")


async def test_a_cancelled_part_is_not_a_cancelled_call(serve_echo: Serve) -> None:
    async def waiting_for_cancelled(_request: Any, _context: Any) -> Any:
        part = asyncio.ensure_future(asyncio.sleep(10))
        part.cancel()
        await part

    async with serve_echo({"Unary": waiting_for_cancelled}) as e:
        # Without an answer the caller would wait for its deadline.
        error = mesh_error(await failure(e.stub.Unary(text(""), metadata=e.as_user, timeout=5)))
        assert (error.code, error.reason) == (Code.ABORTED, "CANCELLED")


async def test_a_call_that_its_caller_cancels_is_not_an_error_of_ours(
    serve_echo: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    ended: asyncio.Queue[type[BaseException]] = asyncio.Queue()
    started = asyncio.Event()

    async def waiting(_request: Any, _context: Any) -> Any:
        started.set()
        try:
            await asyncio.sleep(30)
        except BaseException as error:
            ended.put_nowait(type(error))
            raise

    async with serve_echo({"Unary": waiting}) as e:
        with caplog.at_level(logging.WARNING):
            call = e.stub.Unary(text(""), metadata=e.as_user)
            await asyncio.wait_for(started.wait(), 5)
            call.cancel()
            assert await asyncio.wait_for(ended.get(), 5) is asyncio.CancelledError
            with pytest.raises(asyncio.CancelledError):
                await call
            # The same for a deadline that passes.
            met = await failure(e.stub.Unary(text(""), metadata=e.as_user, timeout=0.2))
            assert met.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert await asyncio.wait_for(ended.get(), 5) is asyncio.CancelledError
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_an_unknown_method_has_a_reason(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": echo}) as e:
        met = await failure(e.channel.unary_unary("/animathic.tests.v1.EchoService/Nothing")(b""))
        assert met.code() is grpc.StatusCode.UNIMPLEMENTED
        assert mesh_error(met).reason == "ROUTE_NOT_FOUND"
        # A caller chooses such names: they must not become labels.
        value = e.metrics.registry.get_sample_value(
            "grpc_server_started_total",
            {"grpc_type": "bidi_stream", "grpc_service": "unknown", "grpc_method": "unknown"},
        )
        assert value == 1


async def test_violations_name_their_fields(signer: Any, verifier: Any) -> None:

    server = ServiceServer(settings_for_tests(), name="t", metrics=Metrics(), verifier=verifier)
    seen: list[Any] = []

    class Renders:
        def __getattr__(self, name: str) -> Any:
            async def handle(request: Any, _context: Any) -> Any:
                seen.append(request)

            return handle

    server.add(
        render_service_pb2_grpc.add_RenderServiceServicer_to_server, Renders(), "animathic.v1.RenderService"
    )
    server.add(
        animation_service_pb2_grpc.add_AnimationServiceServicer_to_server,
        Renders(),
        "animathic.v1.AnimationService",
    )
    async with running(server), channel_to(server, signer) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        render = render_service_pb2_grpc.RenderServiceStub(channel)
        error = mesh_error(
            await failure(stub.GetAnimation(animation_service_pb2.GetAnimationRequest(name="nonsense")))
        )
        assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "FIELD_INVALID")
        assert [(v.field, v.reason) for v in error.violations] == [("name", "STRING_PATTERN")]
        assert "'name'" in error.message
        # A request without anything that its oneof requires.
        error = mesh_error(await failure(render.CheckScene(render_service_pb2.CheckSceneRequest())))
        assert [v.field for v in error.violations] == ["source"]
        # Deep down in a repeated field.
        deep = mesh_error(
            await failure(
                stub.CreateAnimation(
                    animation_service_pb2.CreateAnimationRequest(
                        animation=animation_pb2.Animation(prompt="x" * 10_000), request_id="no spaces please"
                    )
                )
            )
        )
        assert "request_id" in [v.field for v in deep.violations]
        assert any(v.field.startswith("animation.") for v in deep.violations)
        assert not seen
