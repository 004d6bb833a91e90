"""The gateway's end: streams are told, running requests finish, slow heads are not waited for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.gateway.app import Gateway, build_gateway
from tests.contract.gateway.conftest import gateway_settings, start_router, write_keys

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def running(
    mesh_key: bytes, folder: Path, **changes: object
) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    (folder / "mesh.key").write_text(mesh_key.hex())
    keys = write_keys(folder / "keys.json")
    router, _ = await start_router(mesh_key)
    gateway = build_gateway(gateway_settings(folder, folder / "keys.json", router.port, **changes))
    try:
        await gateway.server.start()
        base = f"http://127.0.0.1:{gateway.http.port}"
        async with httpx.AsyncClient(
            base_url=base, headers={"x-api-key": keys["ann"]}, trust_env=False
        ) as client:
            yield gateway, client
    finally:
        await gateway.server.stop(at_once=True)
        await router.stop(at_once=True)


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
async def test_a_drain_ends_watches_with_a_reason(mesh_key: bytes, tmp_path: Path, accept: str) -> None:
    async with running(mesh_key, tmp_path) as (gateway, client):
        name = (await client.post("/v1/animations", json={"prompt": "endless"})).json()["name"]
        async with client.stream("GET", f"/v1/{name}:watch", headers={"accept": accept}) as response:
            lines = response.aiter_lines()
            await anext(lines)
            began = time.monotonic()
            stopping = asyncio.create_task(gateway.server.stop())
            rest = [line async for line in lines if line]
            assert time.monotonic() - began < 1.5
        await stopping
        last = json.loads(rest[-1].removeprefix("data: "))
        assert last["error"]["details"][0]["reason"] == "SHUTTING_DOWN"
        assert last["error"]["code"] == 503


async def test_a_drain_lets_requests_finish(mesh_key: bytes, tmp_path: Path) -> None:
    async with running(mesh_key, tmp_path) as (gateway, client):
        slow = asyncio.create_task(
            client.post("/v1/animations", json={"prompt": "slow"}, headers={"x-request-timeout": "700ms"})
        )
        await asyncio.sleep(0.2)
        await gateway.server.stop()
        # It was answered by its own deadline, not cut off by the end.
        assert (await slow).status_code == 504
        with pytest.raises(httpx.ConnectError):
            await client.get("/")


async def test_a_head_that_does_not_end_is_given_up(mesh_key: bytes, tmp_path: Path) -> None:
    async with running(mesh_key, tmp_path, http_header_seconds=0.3) as (gateway, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.http.port)
        silent_reader, silent = await asyncio.open_connection("127.0.0.1", gateway.http.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        answer = await asyncio.wait_for(reader.read(), 3)
        assert answer.startswith(b"HTTP/1.1 408")
        assert (await asyncio.wait_for(silent_reader.read(), 3)).startswith(b"HTTP/1.1 408")
        writer.close()
        silent.close()
        # A body may take longer than a head.
        body_reader, body = await asyncio.open_connection("127.0.0.1", gateway.http.port)
        body.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await body_reader.readline()).startswith(b"HTTP/1.1 200")
        body.close()
        assert (await client.get("/")).status_code == 200


async def test_a_body_that_does_not_come_is_given_up(mesh_key: bytes, tmp_path: Path) -> None:
    async with running(mesh_key, tmp_path, http_body_seconds=0.3) as (gateway, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.http.port)
        key = client.headers["x-api-key"]
        head = f"POST /v1/animations HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-length: 20\r\n\r\n"
        writer.write(head.encode() + b'{"prompt":')
        answer = await asyncio.wait_for(reader.read(), 3)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"did not arrive within 0.3 seconds" in answer
        writer.close()


async def test_an_address_that_is_taken(mesh_key: bytes, tmp_path: Path) -> None:
    async with running(mesh_key, tmp_path) as (gateway, _):
        taken = gateway_settings(tmp_path, None, 1, http_listen=f"127.0.0.1:{gateway.http.port}")
        second = build_gateway(taken)
        try:
            with pytest.raises(OSError, match="cannot listen"):
                await second.server.start()
        finally:
            await second.server.stop(at_once=True)
