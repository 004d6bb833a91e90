"""Who may come in: keys, tenants, scopes, the local principal, and the key file that changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest

from animathic.v1 import animation_service_pb2, animation_service_pb2_grpc
from services.gateway.api_keys import KeyFileError
from services.gateway.app import Gateway, build_gateway
from tests.contract.gateway.conftest import Running, gateway_settings, write_keys

pytestmark = pytest.mark.asyncio(loop_scope="module")


def reason(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["details"][0]["reason"]


@asynccontextmanager
async def gateway_with(
    mesh_key: bytes, folder: Path, key_file: Path | None, **changes: object
) -> AsyncIterator[Gateway]:
    (folder / "mesh.key").write_text(mesh_key.hex())
    gateway = build_gateway(gateway_settings(folder, key_file, 1, **changes))
    try:
        await gateway.server.start()
        yield gateway
    finally:
        await gateway.server.stop(at_once=True)


async def test_without_credentials(mesh: Running) -> None:
    async with mesh.client(None) as anybody:
        response = await anybody.get("/v1/models")
    assert reason(response) == (401, "CREDENTIALS_MISSING")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_either_header_carries_the_key(mesh: Running) -> None:
    key = mesh.keys["ann"]
    async with mesh.client(None) as anybody:
        for headers in (
            {"authorization": f"Bearer {key}"},
            {"authorization": f"bearer  {key}"},
            {"x-api-key": key},
        ):
            assert (await anybody.get("/v1/models", headers=headers)).status_code == 200
        both = {"authorization": f"Bearer {key}", "x-api-key": key}
        assert (await anybody.get("/v1/models", headers=both)).status_code == 200


async def test_wrong_credentials(mesh: Running) -> None:
    key = mesh.keys["ann"]
    wrong = [
        {"authorization": f"Bearer {key[:-1]}{'A' if key[-1] != 'A' else 'B'}"},
        {"authorization": "Bearer"},
        {"authorization": key},
        {"authorization": f"Basic {key}"},
        {"x-api-key": ""},
        {"x-api-key": "amk_0000000000000000_" + "a" * 43},
        {"authorization": f"Bearer {key}", "x-api-key": mesh.keys["bob"]},
        {"authorization": f"Bearer {key}\u00e9".encode().decode("latin-1")},
    ]
    async with mesh.client(None) as anybody:
        for headers in wrong:
            raw = [(name, value.encode("latin-1")) for name, value in headers.items()]
            response = await anybody.get("/v1/models", headers=raw)
            assert reason(response) == (401, "CREDENTIALS_INVALID"), headers


async def test_a_scope_that_the_key_lacks(mesh: Running) -> None:
    async with mesh.client("reader") as reader:
        assert (await reader.get("/v1/animations/none")).status_code == 404
        response = await reader.post("/v1/animations", json={"prompt": "x"})
        assert reason(response) == (403, "SCOPE_MISSING")
        assert "animations.write" in response.json()["error"]["message"]
        assert (await reader.get("/v1/models")).status_code == 403
        # Nothing runs behind this path: it is the gateway itself that refuses.
        assert (await reader.post("/v1/scenes:check", json={"storyboard": "x"})).status_code == 403


async def test_a_signed_principal_from_outside_is_not_believed(mesh: Running) -> None:
    async with mesh.client("ann") as ann:
        response = await ann.post(
            "/v1/animations", json={"prompt": "forged"}, headers={"animathic-principal": "forged"}
        )
        assert response.json()["tenant"] == "acme"
    async with grpc.aio.insecure_channel(mesh.grpc_target) as channel:
        stub = animation_service_pb2_grpc.AnimationServiceStub(channel)
        metadata = (("animathic-principal", "forged"), ("x-api-key", mesh.keys["ann"]))
        request = animation_service_pb2.CreateAnimationRequest()
        request.animation.prompt = "forged"
        assert (await stub.CreateAnimation(request, metadata=metadata)).tenant == "acme"


async def test_the_key_file_is_read_again(mesh_key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = write_keys(path)
    async with gateway_with(mesh_key, tmp_path, path) as gateway:
        base = f"http://127.0.0.1:{gateway.http.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:

            async def status(key: str) -> int:
                # The service is not there: a key that is accepted gets past the door to a 503.
                return (await client.get("/v1/models", headers={"x-api-key": key})).status_code

            async def becomes(key: str, wanted: int) -> None:
                for _ in range(100):
                    if await status(key) == wanted:
                        return
                    await asyncio.sleep(0.03)
                raise AssertionError(f"did not become {wanted}")

            assert await status(old["ann"]) == 503
            good = path.read_bytes()
            for broken in (b"{", b'{"keys": [{"id": "x"}]}', b"[]", b"\xff"):
                path.write_bytes(broken)
                await asyncio.sleep(0.2)
                assert await status(old["ann"]) == 503, "a broken file must not lock everybody out"
            path.unlink()
            await asyncio.sleep(0.2)
            assert await status(old["ann"]) == 503
            new = write_keys(path)
            await becomes(new["ann"], 503)
            assert await status(old["ann"]) == 401
            replacement = path.with_suffix(".new")
            replacement.write_bytes(good)
            os.replace(replacement, path)  # noqa: PTH105
            await becomes(old["ann"], 503)
            assert await status(new["ann"]) == 401


async def test_a_gateway_does_not_start_with_a_broken_key_file(mesh_key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{")
    with pytest.raises(KeyFileError):
        async with gateway_with(mesh_key, tmp_path, path):
            pass


async def test_the_local_principal(mesh_key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = write_keys(path)
    async with gateway_with(mesh_key, tmp_path, path, gateway_local_principal=True) as gateway:
        port = gateway.http.port
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert (await client.get("/v1/models")).status_code == 503
            assert (await client.get("/v1/models", headers={"x-api-key": keys["reader"]})).status_code == 403
            wrong = await client.get("/v1/models", headers={"x-api-key": "nonsense"})
            assert reason(wrong) == (401, "CREDENTIALS_INVALID")
            same = {"origin": f"http://127.0.0.1:{port}"}
            assert (await client.get("/v1/models", headers=same)).status_code == 503
            # Pages of other sites make browsers send requests here, too.
            for foreign in ({"origin": "https://evil.example"}, {"origin": "null"}, {"host": "evil.example"}):
                refused = await client.post("/v1/animations/a:cancel", headers=foreign)
                assert reason(refused) == (401, "CREDENTIALS_MISSING"), foreign


async def test_cors_only_where_configured(mesh_key: bytes, mesh: Running, tmp_path: Path) -> None:
    preflight = {
        "origin": "https://studio.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,authorization",
    }
    async with mesh.client() as client:
        closed = await client.options("/v1/animations", headers=preflight)
        assert "access-control-allow-origin" not in closed.headers
        assert closed.status_code == 405
    origins = "https://studio.example, https://other.example"
    async with gateway_with(mesh_key, tmp_path, None, http_cors_origins=origins) as gateway:
        base = f"http://127.0.0.1:{gateway.http.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            allowed = await client.options("/v1/animations", headers=preflight)
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == "https://studio.example"
            answer = await client.get("/v1/models", headers={"origin": "https://studio.example"})
            assert answer.status_code == 401
            assert answer.headers["access-control-allow-origin"] == "https://studio.example"
            stranger = await client.get("/v1/models", headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in stranger.headers
