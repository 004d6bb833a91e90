"""The contract of `everything.proto` in a descriptor pool of its own."""

from __future__ import annotations

import importlib
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

from services.gateway.transcoding.methods import Method, read_methods
from services.gateway.transcoding.routes import Route, RouteTable

PACKAGE = "animathic.testing.v1"
_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]


@cache
def descriptor_set() -> descriptor_pb2.FileDescriptorSet:
    """The compiled contract with all that it imports."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.pb"
        google_api = Path(annotations_pb2.__file__).parents[2]
        arguments = [
            "protoc",
            f"-I{_HERE}",
            f"-I{_ROOT / 'protos'}",
            f"-I{google_api}",
            f"-I{files('grpc_tools') / '_proto'}",
            "--include_imports",
            f"--descriptor_set_out={target}",
            str(_HERE / "everything.proto"),
        ]
        if protoc.main(arguments) != 0:
            raise RuntimeError("everything.proto does not compile")
        return descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())


@cache
def pool() -> DescriptorPool:
    """A pool of its own: nothing of it is known to the default pool."""
    made = DescriptorPool()
    for file in descriptor_set().file:
        made.Add(file)
    return made


def register() -> None:
    """Makes the contract known to the default pool as well, as generated code would."""
    for file in descriptor_set().file:
        if file.package != PACKAGE:
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        else:
            descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


@cache
def methods() -> tuple[Method, ...]:
    """All methods of the service."""
    return read_methods([pool().FindServiceByName(f"{PACKAGE}.Everything")])


@cache
def table() -> RouteTable:
    """Its routes."""
    return RouteTable(method for method in methods() if not method.client_streaming)


def route(source: str, http_method: str = "") -> Route:
    """The route with this template."""
    return next(
        each
        for each in table().routes
        if each.template.source == source and http_method in ("", each.http_method)
    )


def thing_class() -> type[Message]:
    """The class of `Thing`."""
    return GetMessageClass(pool().FindMessageTypeByName(f"{PACKAGE}.Thing"))
