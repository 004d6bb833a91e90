"""A service of the tests' own: all four kinds of rpc, and every kind of access rule.

Requests and answers are `google.protobuf.StringValue`. Each method's behaviour is given by the test.
"""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, wrappers_pb2

from animathic.v1 import options_pb2

SERVICE = "animathic.tests.v1.EchoService"
READ = "echo.read"
_FILE = "animathic/tests/v1/echo_service.proto"

# name: (client streams, server streams, audience, scope)
_METHODS: dict[str, tuple[bool, bool, "options_pb2.Audience.ValueType", str]] = {
    "Unary": (False, False, options_pb2.AUDIENCE_PUBLIC, READ),
    "ServerStream": (False, True, options_pb2.AUDIENCE_PUBLIC, READ),
    "ClientStream": (True, False, options_pb2.AUDIENCE_PUBLIC, READ),
    "BidiStream": (True, True, options_pb2.AUDIENCE_PUBLIC, READ),
    "Internal": (False, False, options_pb2.AUDIENCE_INTERNAL, ""),
    "PublicWithoutScope": (False, False, options_pb2.AUDIENCE_PUBLIC, ""),
    "WithoutRule": (False, False, options_pb2.AUDIENCE_UNSPECIFIED, ""),
}


def path(method: str) -> str:
    """The path of a method."""
    return f"/{SERVICE}/{method}"


def _declare() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name=_FILE,
        package="animathic.tests.v1",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto", "animathic/v1/options.proto"],
    )
    service = file.service.add(name="EchoService")
    for name, (client, server, audience, scope) in _METHODS.items():
        method = service.method.add(
            name=name,
            input_type=".google.protobuf.StringValue",
            output_type=".google.protobuf.StringValue",
            client_streaming=client,
            server_streaming=server,
        )
        if audience != options_pb2.AUDIENCE_UNSPECIFIED:
            access = options_pb2.Access(audience=audience, scope=scope)
            method.options.Extensions[options_pb2.access].CopyFrom(access)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


_declare()


def text(value: str) -> wrappers_pb2.StringValue:
    """A request or an answer."""
    return wrappers_pb2.StringValue(value=value)


def add_echo(behaviours: dict[str, Callable[..., Any]], server: Any) -> None:
    """Adds the service with these behaviours to a server: `ServiceServer.add(add_echo, {…}, SERVICE)`."""
    handlers = {}
    for name, behaviour in behaviours.items():
        client, streams, _, _ = _METHODS[name]
        handlers[name] = _make(client, streams)(
            behaviour, wrappers_pb2.StringValue.FromString, wrappers_pb2.StringValue.SerializeToString
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


def _make(client: bool, server: bool) -> Callable[..., Any]:
    return {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[client, server]


class EchoStub:
    """The client side: attributes named like the methods."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        for name, (client, server, _, _) in _METHODS.items():
            make: Any = {
                (False, False): channel.unary_unary,
                (False, True): channel.unary_stream,
                (True, False): channel.stream_unary,
                (True, True): channel.stream_stream,
            }[client, server]
            codec = (wrappers_pb2.StringValue.SerializeToString, wrappers_pb2.StringValue.FromString)
            setattr(self, name, make(path(name), *codec))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


async def echo(request: wrappers_pb2.StringValue, _context: Any) -> wrappers_pb2.StringValue:
    """Answers with what was asked."""
    return text(request.value)
