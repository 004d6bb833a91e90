"""The transcoder and the gRPC entry before a contract that they have never seen, in all four kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from starlette.datastructures import Headers

from services.chassis.calls import ServerCall
from services.chassis.identity import Principal
from services.chassis.metrics import Metrics
from services.chassis.server import ServiceServer
from services.gateway.forward import ForwardingHandlers
from services.gateway.http_server import HttpLimits, HttpServer
from services.gateway.transcoding.methods import Method
from services.gateway.transcoding.negotiation import Deadlines
from services.gateway.transcoding.transcoder import Limits, Transcoder
from services.gateway.transcoding.upstream import Metadata
from tests.support.serving import settings_for_tests
from tests.unit.gateway import everything

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = f"{everything.PACKAGE}.Everything"


class Backend(grpc.GenericRpcHandler):
    """Answers the methods of the contract from its descriptors alone."""

    def __init__(self) -> None:
        self.requests: list[Message] = []
        self.left = asyncio.Event()
        self._methods = {method.grpc_path: method for method in everything.methods()}

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        method = self._methods[details.method]
        behaviour = getattr(self, "serve_" + method.name, self.serve_unary)
        codecs = (method.request_class.FromString, method.response_class.SerializeToString)
        if method.client_streaming and method.server_streaming:
            return grpc.stream_stream_rpc_method_handler(behaviour, *codecs)
        if method.client_streaming:
            return grpc.stream_unary_rpc_method_handler(behaviour, *codecs)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(behaviour, *codecs)

        async def unary(request: Any, context: Any) -> Any:
            self.requests.append(request)
            response = method.response_class()
            if response.DESCRIPTOR is request.DESCRIPTOR:
                return request
            if response.DESCRIPTOR.name == "UpdateThingResponse":
                response.thing.CopyFrom(request.thing)
            else:
                response.name, response.small, response.flag = request.name, request.number, request.flag
                response.color = request.color
            return response

        return grpc.unary_unary_rpc_method_handler(unary, *codecs)

    async def serve_unary(self, request: Any, context: Any) -> Any:
        raise NotImplementedError

    async def serve_CountThings(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        for number in range(request.number):
            yield everything.thing_class()(small=number)

    async def serve_CollectThings(self, requests: Any, context: Any) -> Any:  # noqa: N802
        try:
            names = [each.name async for each in requests]
            return everything.thing_class()(texts=names)
        finally:
            self.left.set()

    async def serve_ChatThings(self, requests: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        try:
            async for each in requests:
                yield everything.thing_class()(name=each.name.upper())
        finally:
            self.left.set()


class OpenDoor:
    """Lets everybody in, as one principal."""

    principal = Principal(
        tenant="t", subject="s", scopes=frozenset({"things.read", "things.write"}), kind="user"
    )

    async def admit(self, headers: Headers, method: Method) -> Metadata:
        return self.metadata_for(self.principal)

    async def authenticate(self, call: ServerCall) -> Principal | None:
        return self.principal

    def metadata_for(self, principal: Principal) -> Metadata:
        return (("who", principal.subject),)


@dataclass
class World:
    backend: Backend
    http: HttpServer
    entry: ServiceServer

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.http.port}", trust_env=False)

    def callable(self, channel: grpc.aio.Channel, name: str) -> Any:
        method = next(each for each in everything.methods() if each.name == name)
        kind = (
            "stream" if method.client_streaming else "unary",
            "stream" if method.server_streaming else "unary",
        )
        dial = getattr(channel, "_".join(kind))
        return dial(
            method.grpc_path,
            request_serializer=method.request_class.SerializeToString,
            response_deserializer=method.response_class.FromString,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    everything.register()
    backend = Backend()
    server = grpc.aio.server(handlers=[backend])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    door = OpenDoor()
    limit = Deadlines(10, 10)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:

        def resolve(method: Method) -> grpc.aio.Channel:
            return channel

        transcoder = Transcoder(everything.methods(), everything.pool(), resolve, door, Limits())
        http = HttpServer(transcoder, "127.0.0.1:0", HttpLimits(32768, 10, 75, 100))
        entry = ServiceServer(
            settings_for_tests(),
            name="gateway",
            metrics=Metrics(),
            authenticator=door,
            handlers=[ForwardingHandlers(everything.methods(), resolve, door.metadata_for, limit, limit)],
        )
        entry.announce(SERVICE)
        await http.start()
        await entry.start()
        yield World(backend, http, entry)
        await http.stop(0)
        await entry.stop(at_once=True)
    await server.stop(None)


async def test_path_variables_of_every_type(world: World) -> None:
    async with world.client() as client:
        response = await client.get("/v1/numbers/7/true/COLOR_BLUE")
        assert response.json() == {"small": 7, "flag": True, "color": "COLOR_BLUE"}
        for path, field in [
            ("/v1/numbers/x/true/COLOR_BLUE", "number"),
            ("/v1/numbers/7/1/COLOR_BLUE", "flag"),
            ("/v1/numbers/7/true/BLUE", "color"),
        ]:
            error = (await client.get(path)).json()["error"]
            assert error["details"][1]["fieldViolations"][0]["field"] == field
        wide = await client.get("/v1/raw/a/b%2Fc/%E2%98%82?number=5")
        assert wide.json() == {"name": "a/b%2Fc/☂", "small": 5}
        both = await client.get("/v1/things/one?name=things/two")
        assert both.json() == {"name": "things/one"}


async def test_body_field_and_response_body(world: World) -> None:
    async with world.client() as client:
        response = await client.patch(
            "/v1/things/a?updateMask=displayName&dry_run=true",
            json={"displayName": "x", "name": "things/other"},
        )
        assert response.json() == {"name": "things/a", "displayName": "x"}
        request: Any = world.backend.requests[-1]
        assert request.dry_run
        assert list(request.update_mask.paths) == ["display_name"]
        assert (await client.post("/v1/things:names", json=["a", "b"])).json() == ["a", "b"]
        assert (await client.put("/v1/things/b%20c", json={"k": "v"})).json() == {
            "labels": {"k": "v"},
            "child": {"name": "b c"},
        }


async def test_whole_body_and_a_custom_method(world: World) -> None:
    thing = {"name": "x", "children": [{"large": "5"}], "when": "2026-01-31T12:00:00Z", "indexed": {"1": {}}}
    async with world.client() as client:
        assert (await client.post("/v1/things:echo", json=thing)).json() == thing
        assert (await client.post("/v1/things:echo")).json() == {}
        assert (await client.request("REPORT", "/v1/things:echo?name=q")).json() == {"name": "q"}
        assert (
            await client.post(
                "/v1/things:echo", content=b"null", headers={"content-type": "application/json"}
            )
        ).status_code == 400
        large = {"texts": ["word" * 10] * 5000}
        assert (await client.post("/v1/things:echo", json=large)).json() == large
        query = "/v1/things:search?child.small=4&texts=a&texts=b&length=1.5s"
        assert (await client.get(query)).json() == {
            "child": {"small": 4},
            "texts": ["a", "b"],
            "length": "1.500s",
        }


async def test_a_stream_without_revisions(world: World) -> None:
    async with world.client() as client:
        response = await client.get("/v1/things:count?number=2")
        assert (
            response.text
            == 'event: message\ndata: {}\n\nevent: message\ndata: {"small":1}\n\nevent: end\ndata: {}\n\n'
        )
        none = await client.get("/v1/things:count", headers={"accept": "application/x-ndjson"})
        assert (none.status_code, none.text) == (200, "")


async def test_internal_and_undeclared_methods_have_no_door(world: World) -> None:
    async with world.client() as client:
        assert (await client.get("/v1/things:hidden")).status_code == 404
        assert (await client.get("/v1/things:forgotten")).status_code == 404
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.entry.port}") as channel:
        for name in ("HiddenThing", "ForgottenThing"):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await world.callable(channel, name)(everything.methods()[0].request_class())
            assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_all_four_kinds_pass_the_entry(world: World) -> None:
    thing = everything.thing_class()
    names = [thing(name=name) for name in ("a", "b", "c")]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.entry.port}") as channel:
        assert (await world.callable(channel, "EchoThing")(names[0])).name == "a"
        count = world.callable(channel, "CountThings")
        request_class = everything.methods()[0].request_class
        assert [each.small async for each in count(request_class(number=3))] == [0, 1, 2]
        collected = await world.callable(channel, "CollectThings")(iter(names))
        assert list(collected.texts) == ["a", "b", "c"]
        chat = world.callable(channel, "ChatThings")()
        for name in names:
            await chat.write(name)
            # The answer comes before the next request: the stream flows in both directions at once.
            assert (await chat.read()).name == name.name.upper()  # type: ignore[attr-defined]
        await chat.done_writing()
        assert await chat.read() is grpc.aio.EOF


@pytest.mark.parametrize("name", ["ChatThings", "CollectThings"])
async def test_a_caller_that_leaves_a_request_stream(world: World, name: str) -> None:
    world.backend.left.clear()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.entry.port}") as channel:
        call = world.callable(channel, name)()
        await call.write(everything.thing_class()(name="a"))
        if name == "ChatThings":
            await call.read()
        else:
            await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.wait_for(world.backend.left.wait(), 3)
