"""Every call has a deadline, and a server refuses what it cannot finish."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from services.chassis.deadlines import DeadlinePolicy, remaining
from services.chassis.errors import Code
from services.chassis.rpc_errors import mesh_error
from tests.support.echo_service import EchoStub, echo, path, text

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]


async def left(_request: Any, _context: Any) -> Any:
    return text(f"{remaining():.3f}")


async def left_in_stream(_request: Any, _context: Any) -> Any:
    yield text(f"{remaining():.3f}")


async def test_work_that_cannot_be_finished_is_not_begun(serve_echo: Serve) -> None:
    began: list[str] = []

    async def work(request: Any, _context: Any) -> Any:
        began.append(request.value)
        return request

    policy = DeadlinePolicy(minimums={path("Unary"): 2.0})
    async with serve_echo({"Unary": work}, deadlines=policy) as e:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await e.stub.Unary(text("short"), metadata=e.as_user, timeout=1)
        error = mesh_error(refused.value)
        assert (error.code, error.reason) == (Code.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert "2 s" in error.message
        await e.stub.Unary(text("long"), metadata=e.as_user, timeout=3)
        assert began == ["long"]


async def test_a_call_knows_what_is_left(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": left, "ServerStream": left_in_stream}) as e:
        assert 4 < float((await e.stub.Unary(text(""), metadata=e.as_user, timeout=5)).value) <= 5.1
        async for response in e.stub.ServerStream(text(""), metadata=e.as_user, timeout=7):
            assert 6 < float(response.value) <= 7.1


async def test_a_call_without_a_deadline_gets_one(serve_echo: Serve) -> None:
    async def slow(_request: Any, _context: Any) -> Any:
        await asyncio.sleep(10)

    policy = DeadlinePolicy(unary=0.2, stream=50)
    behaviours = {"Unary": slow, "ServerStream": left_in_stream}
    async with (
        serve_echo(behaviours, deadlines=policy) as e,
        # A plain channel: a mesh channel would bring a deadline.
        grpc.aio.insecure_channel(f"127.0.0.1:{e.server.port}") as plain,
    ):
        stub = EchoStub(plain)
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await stub.Unary(text(""), metadata=e.as_user)
        error = mesh_error(late.value)
        assert (error.code, error.reason) == (Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        async for response in stub.ServerStream(text(""), metadata=e.as_user):
            assert 49 < float(response.value) <= 51


async def test_a_timeout_of_the_servicers_own_is_not_the_calls(serve_echo: Serve) -> None:
    async def impatient(_request: Any, _context: Any) -> Any:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)

    async with (
        serve_echo({"Unary": impatient}) as e,
        grpc.aio.insecure_channel(f"127.0.0.1:{e.server.port}") as plain,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await EchoStub(plain).Unary(text(""), metadata=e.as_user)
        assert failed.value.code() is grpc.StatusCode.INTERNAL


async def test_calls_onward_stay_within_what_is_left(serve_echo: Serve) -> None:
    async with serve_echo({"Unary": left}) as behind:

        async def front(request: Any, _context: Any) -> Any:
            return await behind.stub.Unary(request, metadata=behind.as_user, timeout=60)

        async with serve_echo({"Unary": front}) as e:
            answer = await e.stub.Unary(text(""), metadata=e.as_user, timeout=5)
            assert float(answer.value) <= 5.1


async def test_a_task_left_behind_is_not_bound_by_the_call(serve_echo: Serve) -> None:
    after: asyncio.Queue[float | None] = asyncio.Queue()
    call_is_over = asyncio.Event()
    tasks = []

    async def background() -> None:
        await call_is_over.wait()
        after.put_nowait(remaining())

    async def leaving(request: Any, _context: Any) -> Any:
        tasks.append(asyncio.create_task(background()))
        return request

    async with serve_echo({"Unary": leaving}) as e:
        await e.stub.Unary(text(""), metadata=e.as_user, timeout=5)
        call_is_over.set()
        assert await asyncio.wait_for(after.get(), 5) is None


async def test_outside_of_a_call_nothing_is_left_to_say() -> None:
    assert remaining() is None
    await echo(text(""), None)
