"""The life of a real process: start, signals, exit codes, logs."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from services.chassis.channels import as_principal, open_channel
from services.chassis.identity import IdentitySigner, Principal
from services.chassis.rpc_errors import mesh_error
from tests.support.echo_service import READ, EchoStub, path, text
from tests.support.ports import free_port

pytestmark = pytest.mark.asyncio
Launch = Callable[..., Any]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def launch(mesh_key_file: Path, tmp_path: Path) -> Launch:
    @asynccontextmanager
    async def start(**environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.echo_process",
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "MESH_KEY_FILE": str(mesh_key_file),
                "GRPC_LISTEN": "127.0.0.1:0",
                "ADMIN_LISTEN": "127.0.0.1:0",
                **environment,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return start


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 15)).decode().strip()


async def ports(process: asyncio.subprocess.Process) -> tuple[int, int]:
    grpc_port, admin_port = (await line(process)).split()
    return int(grpc_port), int(admin_port)


def ann(signer: IdentitySigner) -> Any:
    return as_principal(signer, Principal("acme", "ann", frozenset({READ}), "user"))


async def test_sigterm_finishes_what_runs_and_the_logs_are_json(
    launch: Launch, signer: IdentitySigner
) -> None:
    async with launch(DRAIN_SECONDS="10") as process:
        grpc_port, admin_port = await ports(process)
        async with open_channel(f"127.0.0.1:{grpc_port}", signer=signer) as channel:
            call = asyncio.ensure_future(EchoStub(channel).Unary(text("1.0"), metadata=ann(signer)))
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert await line(process) == "draining"
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://127.0.0.1:{admin_port}/readyz")).status_code == 503
                assert (await client.get(f"http://127.0.0.1:{admin_port}/healthz")).status_code == 200
            assert (await call).value == "1.0"
        out, err = await asyncio.wait_for(process.communicate(), 10)
        assert out.decode().split() == ["drained", "stopped"]
        assert process.returncode == 0
        events = [json.loads(each) for each in err.splitlines()]
        assert [event["event"] for event in events] == ["starting", "serving", "draining", "stopped"]
        assert {event["service"] for event in events} == {"echo"}
        assert events[0]["config"]["drain_seconds"] == 10


async def test_a_second_signal_stops_at_once(launch: Launch, signer: IdentitySigner) -> None:
    async with launch(DRAIN_SECONDS="30", DRAIN_HOOK_SECONDS="25") as process:
        grpc_port, _ = await ports(process)
        async with open_channel(
            f"127.0.0.1:{grpc_port}", signer=signer, never_retried=[path("Unary")]
        ) as channel:
            call = asyncio.ensure_future(EchoStub(channel).Unary(text("20"), metadata=ann(signer)))
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert await line(process) == "draining"
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = await asyncio.wait_for(process.communicate(), 10)
            assert time.monotonic() - began < 3
            # What must be closed still is; the hand-over is not waited for.
            assert out.decode().split() == ["stopped"]
            assert b"stopping at once" in err
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await call
            assert mesh_error(ended.value).code.name in ("UNAVAILABLE", "CANCELLED")


async def test_a_second_signal_while_a_call_drains(launch: Launch, signer: IdentitySigner) -> None:
    async with launch(DRAIN_SECONDS="30") as process:
        grpc_port, _ = await ports(process)
        async with open_channel(
            f"127.0.0.1:{grpc_port}", signer=signer, never_retried=[path("Unary")]
        ) as channel:
            call = asyncio.ensure_future(EchoStub(channel).Unary(text("20"), metadata=ann(signer)))
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert [await line(process), await line(process)] == ["draining", "drained"]
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), 10)
            assert time.monotonic() - began < 3
            with pytest.raises(grpc.aio.AioRpcError):
                await call


async def test_a_signal_while_it_starts(launch: Launch) -> None:
    admin = f"127.0.0.1:{free_port()}"
    async with launch(START_SECONDS="30", ADMIN_LISTEN=admin) as process, httpx.AsyncClient() as client:
        # A long migration is no reason to be killed: the process lives, but is not ready.
        for _ in range(200):
            try:
                assert (await client.get(f"http://{admin}/healthz")).status_code == 200
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        assert (await client.get(f"http://{admin}/readyz")).status_code == 503
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), 10)
        assert out.decode().split() == ["stopped"]
        assert process.returncode == 0


async def test_a_start_that_fails(launch: Launch) -> None:
    async with launch(FAIL_AT_START="true") as process:
        out, err = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 1
        assert out.decode().split() == ["stopped"]
        assert "no database" in json.loads(err.splitlines()[-1])["exception"]


async def test_a_configuration_that_is_not_valid(launch: Launch) -> None:
    async with launch(DRAIN_SECONDS="-1", LOG_LEVEL="LOUD") as process:
        _, err = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 2
        lines = err.decode().splitlines()
        assert len(lines) == 2
        assert lines[0].startswith("echo: LOG_LEVEL: Input should be 'DEBUG'")
        assert lines[1].startswith("echo: DRAIN_SECONDS: ")


async def test_a_missing_mesh_key_is_said_in_one_sentence(launch: Launch) -> None:
    async with launch(MESH_KEY_FILE="/nowhere/mesh.key") as process:
        _, err = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 1
        assert "cannot be read: create it with 'make up'" in err.decode()
