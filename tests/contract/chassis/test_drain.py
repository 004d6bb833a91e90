"""The end of a server: nothing is lost that could be finished, and nothing waits for ever."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.errors import Code
from services.chassis.rpc_errors import mesh_error
from tests.support.echo_service import SERVICE, echo, path, text

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVING = health_pb2.HealthCheckResponse.SERVING


def gated() -> tuple[Callable[..., Any], asyncio.Event, asyncio.Event]:
    began, finish = asyncio.Event(), asyncio.Event()

    async def work(request: Any, _context: Any) -> Any:
        began.set()
        await finish.wait()
        return request

    return work, began, finish


async def readyz(port: int) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code


async def test_a_running_call_is_finished_while_health_says_not_serving(serve_echo: Serve) -> None:
    work, began, finish = gated()
    async with (
        serve_echo({"Unary": work}, settings={"drain_seconds": 20, "endpoint_seconds": 0.3}) as e,
        grpc.aio.insecure_channel(f"127.0.0.1:{e.server.port}") as plain,
    ):
        health = health_pb2_grpc.HealthStub(plain)  # type: ignore[no-untyped-call]
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == SERVING
        running = asyncio.ensure_future(e.stub.Unary(text("precious"), metadata=e.as_user))
        await asyncio.wait_for(began.wait(), 5)
        assert await readyz(e.server.admin_port) == 200

        stopping = asyncio.create_task(e.server.stop())
        # First of all the callers are told, and for a while calls are still taken.
        assert (await asyncio.wait_for(watch.read(), 5)).status == NOT_SERVING
        for service in ("", SERVICE):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == NOT_SERVING
        assert await readyz(e.server.admin_port) == 503
        await asyncio.sleep(0.4)
        # Then new calls are refused, the running one goes on, and so does the admin port.
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await health.Check(health_pb2.HealthCheckRequest(), timeout=2)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert not running.done()
        assert not stopping.done()
        assert await readyz(e.server.admin_port) == 503
        finish.set()
        assert (await running).value == "precious"
        # The open health watch did not hold the server up.
        await asyncio.wait_for(stopping, 3)


async def test_a_call_that_takes_too_long_is_told_to_retry(serve_echo: Serve) -> None:
    work, began, _ = gated()
    async with serve_echo(
        {"Unary": work}, settings={"drain_seconds": 0.3}, channel={"never_retried": (path("Unary"),)}
    ) as e:
        running = asyncio.ensure_future(e.stub.Unary(text(""), metadata=e.as_user))
        await asyncio.wait_for(began.wait(), 5)
        began_at = time.monotonic()
        await e.server.stop()
        assert time.monotonic() - began_at < 2
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await running
        error = mesh_error(ended.value)
        assert (error.code, error.reason, error.retry_after) == (Code.UNAVAILABLE, "SHUTTING_DOWN", 0.5)


async def test_stopping_at_once_waits_for_nothing(serve_echo: Serve) -> None:
    work, began, _ = gated()
    options = {"drain_seconds": 30, "endpoint_seconds": 30}
    async with serve_echo({"Unary": work}, settings=options, channel={"retries": False}) as e:
        running = asyncio.ensure_future(e.stub.Unary(text(""), metadata=e.as_user))
        await asyncio.wait_for(began.wait(), 5)
        await asyncio.wait_for(e.server.stop(at_once=True), 5)
        with pytest.raises(grpc.aio.AioRpcError):
            await asyncio.wait_for(running, 2)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", e.server.port)


@pytest.mark.parametrize("style", ["generator", "coroutine"])
async def test_endless_streams_are_ended_not_waited_for(serve_echo: Serve, style: str) -> None:
    async def generating(_request: Any, _context: Any) -> Any:
        yield text("snapshot")
        await asyncio.Event().wait()

    async def writing(_request: Any, context: Any) -> None:
        await context.write(text("snapshot"))
        await asyncio.Event().wait()

    async with serve_echo(
        {"ServerStream": generating if style == "generator" else writing},
        settings={"drain_seconds": 20},
        ends_on_drain=[path("ServerStream")],
    ) as e:
        stream = e.stub.ServerStream(text(""), metadata=e.as_user)
        assert (await stream.read()).value == "snapshot"
        began_at = time.monotonic()
        await e.server.stop()
        assert time.monotonic() - began_at < 3
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await stream.read()
        assert mesh_error(ended.value).reason == "SHUTTING_DOWN"


async def test_hooks_run_in_order_and_a_failing_one_does_not_keep_the_others(serve_echo: Serve) -> None:
    order: list[str] = []

    def before(server: Any) -> None:
        async def note(what: str) -> None:
            order.append(what)

        async def fail() -> None:
            order.append("failing")
            raise RuntimeError("cannot hand back")

        async def hand_back() -> None:
            # The drain hook still may call: the port is open.
            assert server.draining.is_set()
            assert not server.health.ready
            order.append("drain")

        server.on_start(lambda: note("start"))
        server.on_drain(fail)
        server.on_drain(hand_back)
        server.on_stop(lambda: note("close database"))
        server.on_stop(lambda: note("close client"))

    async with serve_echo({"Unary": echo}, before=before) as e:
        assert order == ["start"]
        await e.server.stop()
        assert order == ["start", "failing", "drain", "close client", "close database"]
        await e.server.stop()
        assert len(order) == 5


async def test_a_service_can_be_not_serving_while_the_process_is(serve_echo: Serve) -> None:
    async with (
        serve_echo({"Unary": echo}, before=lambda s: s.set_serving(SERVICE, False)) as e,
        grpc.aio.insecure_channel(f"127.0.0.1:{e.server.port}") as plain,
    ):
        health = health_pb2_grpc.HealthStub(plain)  # type: ignore[no-untyped-call]

        async def status(service: str) -> int:
            return int((await health.Check(health_pb2.HealthCheckRequest(service=service))).status)

        assert (await status(""), await status(SERVICE)) == (SERVING, NOT_SERVING)
        # It still answers: why it cannot serve is told by its own Describe.
        assert (await e.stub.Unary(text("x"), metadata=e.as_user)).value == "x"
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == NOT_SERVING
        e.server.set_serving(SERVICE, True)
        assert (await asyncio.wait_for(watch.read(), 5)).status == SERVING
        value = e.metrics.registry.get_sample_value("animathic_serving", {"grpc_service": SERVICE})
        assert value == 1
        assert await readyz(e.server.admin_port) == 200


async def test_two_servers_cannot_share_a_port(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": echo}) as e:
        with pytest.raises(OSError, match="cannot listen"):
            async with serve_echo({"Unary": echo}, settings={"grpc_listen": f"127.0.0.1:{e.server.port}"}):
                pass
        with pytest.raises(OSError, match="in use"):
            async with serve_echo(
                {"Unary": echo}, settings={"admin_listen": f"127.0.0.1:{e.server.admin_port}"}
            ):
                pass
