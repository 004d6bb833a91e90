"""Who may call what: every access rule against every kind of caller, over a real socket."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import grpc
import jwt
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.chassis.channels import as_principal
from services.chassis.errors import Code, MeshError
from services.chassis.identity import (
    PRINCIPAL_KEY,
    IdentitySigner,
    IdentityVerifier,
    Principal,
    current_principal,
)
from services.chassis.rpc_errors import mesh_error
from tests.support.echo_service import READ, EchoStub, text

pytestmark = pytest.mark.asyncio
Serve = Callable[..., Any]


async def who(_request: Any, _context: Any) -> Any:
    return text(current_principal().subject)


BEHAVIOURS = dict.fromkeys(("Unary", "Internal", "PublicWithoutScope", "WithoutRule"), who)


def callers(key: bytes) -> dict[str, tuple[tuple[str, str], ...]]:
    signer = IdentitySigner(key, "gateway")
    reader = Principal("acme", "ann", frozenset({READ}), "user")
    now = int(time.time())
    claims = {
        "iss": "gateway",
        "aud": "animathic",
        "iat": now,
        "exp": now + 60,
        "sub": "ann",
        "kind": "user",
        "tenant": "acme",
        "scopes": [READ],
    }

    def forged(key: bytes = key, algorithm: str = "HS256", **changes: Any) -> tuple[tuple[str, str], ...]:
        changed = {name: value for name, value in (claims | changes).items() if value is not None}
        return ((PRINCIPAL_KEY, jwt.encode(changed, key, algorithm=algorithm)),)

    return {
        "user": as_principal(signer, reader),
        "user without the scope": as_principal(
            signer, Principal("acme", "bob", frozenset({"other"}), "user")
        ),
        "service": as_principal(signer, Principal("", "router", frozenset(), "service")),
        "nobody": ((PRINCIPAL_KEY, ""),),
        "expired": forged(iat=now - 120, exp=now - 60),
        "other key": as_principal(IdentitySigner(secrets.token_bytes(32), "gateway"), reader),
        "other audience": forged(aud="elsewhere"),
        "unsigned": ((PRINCIPAL_KEY, jwt.encode(claims, "", algorithm="none")),),
        "other algorithm": forged(algorithm="HS512", key=key * 2),
        "lives too long": forged(exp=now + 86400),
        "without expiry": forged(exp=None),
        "without tenant": forged(tenant=""),
        "unknown kind": forged(kind="root"),
        "scopes as text": forged(scopes=READ),
        "garbage": ((PRINCIPAL_KEY, "garbage"),),
    }


MISSING, INVALID = (
    (Code.UNAUTHENTICATED, "CREDENTIALS_MISSING"),
    (Code.UNAUTHENTICATED, "CREDENTIALS_INVALID"),
)
NO_SCOPE, INTERNAL = (Code.PERMISSION_DENIED, "SCOPE_MISSING"), (Code.PERMISSION_DENIED, "INTERNAL_ONLY")

EXPECTED = {
    "user": ("ann", INTERNAL, NO_SCOPE, INTERNAL),
    "user without the scope": (NO_SCOPE, INTERNAL, NO_SCOPE, INTERNAL),
    "service": ("router", "router", "router", INTERNAL),
    "nobody": (MISSING, MISSING, MISSING, INTERNAL),
}


async def test_the_access_matrix(serve_echo: Serve, mesh_key: bytes) -> None:
    async with serve_echo(BEHAVIOURS) as e:
        for caller, metadata in callers(mesh_key).items():
            # Everybody whose token is not valid meets the same answer, whatever the method.
            for method, expected in zip(BEHAVIOURS, EXPECTED.get(caller, (INVALID,) * 4), strict=True):
                call = getattr(e.stub, method)(text(""), metadata=metadata)
                if isinstance(expected, str):
                    assert (await call).value == expected, (caller, method)
                    continue
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await call
                error = mesh_error(refused.value)
                assert (error.code, error.reason) == expected, (caller, method)


async def test_the_missing_scope_is_named(serve_echo: Serve, mesh_key: bytes) -> None:
    async with serve_echo(BEHAVIOURS) as e:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await e.stub.Unary(text(""), metadata=callers(mesh_key)["user without the scope"])
        assert mesh_error(refused.value).metadata == {"scope": READ}


async def test_a_key_can_be_replaced_while_the_mesh_runs(serve_echo: Serve, mesh_key: bytes) -> None:
    new = secrets.token_bytes(32)
    async with serve_echo(BEHAVIOURS, verifier=IdentityVerifier(new, mesh_key)) as e:
        reader = Principal("acme", "ann", frozenset({READ}), "user")
        for key in (new, mesh_key):
            metadata = as_principal(IdentitySigner(key, "gateway"), reader)
            assert (await e.stub.Unary(text(""), metadata=metadata)).value == "ann"


async def test_an_authenticator_of_its_own_replaces_the_mesh_principal(
    serve_echo: Serve, signer: IdentitySigner
) -> None:
    class ApiKeys:
        async def authenticate(self, call: Any) -> Principal | None:
            key = call.metadata("x-api-key")
            if key is None:
                return None
            if key != "k1":
                raise MeshError(Code.UNAUTHENTICATED, "CREDENTIALS_INVALID", "Unknown key.")
            return Principal("acme", "by key", frozenset({READ}), "user")

    async with serve_echo(BEHAVIOURS, verifier=None, authenticator=ApiKeys()) as e:
        assert (await e.stub.Unary(text(""), metadata=(("x-api-key", "k1"),))).value == "by key"
        # The channel brought the service's own signed principal: here it means nothing.
        for metadata, reason in (
            (None, "CREDENTIALS_MISSING"),
            ((("x-api-key", "k2"),), "CREDENTIALS_INVALID"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await e.stub.Unary(text(""), metadata=metadata)
            assert mesh_error(refused.value).reason == reason


async def test_health_and_reflection_are_open(serve_echo: Serve) -> None:
    async with serve_echo(BEHAVIOURS) as e, grpc.aio.insecure_channel(f"127.0.0.1:{e.server.port}") as plain:
        health = health_pb2_grpc.HealthStub(plain)  # type: ignore[no-untyped-call]
        for service in ("", "animathic.tests.v1.EchoService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(plain)  # type: ignore[no-untyped-call]
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        async for response in reflection.ServerReflectionInfo(iter([request])):
            names = {service.name for service in response.list_services_response.service}
        assert {"animathic.tests.v1.EchoService", "grpc.health.v1.Health"} <= names
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await EchoStub(plain).Unary(text(""))
        assert mesh_error(refused.value).reason == "CREDENTIALS_MISSING"
