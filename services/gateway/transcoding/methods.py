"""What the gateway knows of an rpc, read from its descriptor: types, streaming, access, HTTP rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from animathic.v1 import options_pb2


@dataclass(frozen=True)
class HttpRule:
    """One binding of `google.api.http`, as written."""

    http_method: str
    path: str
    body: str
    response_body: str


@dataclass(frozen=True)
class DownloadFields:
    """Request fields that take the part of the file to send."""

    offset: str
    limit: str


@dataclass(frozen=True)
class Method:
    """An rpc.

    Attributes:
        service: Full name of its service.
        name: Its own name.
        request_class: Message class of requests.
        response_class: Message class of responses.
        client_streaming: Whether the caller sends many.
        server_streaming: Whether it answers with many.
        public: Whether the access option opens it to callers outside the mesh.
        scope: The scope that such a caller needs.
        download: Set where the response stream is one file.
        http_rules: Its HTTP bindings, additional ones included; empty for rpcs that are not public.
    """

    service: str
    name: str
    request_class: type[Message]
    response_class: type[Message]
    client_streaming: bool
    server_streaming: bool
    public: bool
    scope: str
    download: DownloadFields | None
    http_rules: tuple[HttpRule, ...]

    @property
    def full_name(self) -> str:
        """For example `animathic.v1.AnimationService.GetAnimation`."""
        return f"{self.service}.{self.name}"

    @property
    def grpc_path(self) -> str:
        """For example `/animathic.v1.AnimationService/GetAnimation`."""
        return f"/{self.service}/{self.name}"


def read_methods(services: Iterable[ServiceDescriptor]) -> tuple[Method, ...]:
    """Reads all rpcs of the services, public or not, in the order of their declaration."""
    return tuple(_read(method) for service in services for method in service.methods)


def _read(descriptor: MethodDescriptor) -> Method:
    # Options are parsed again with the classes that know the extensions: a descriptor of another pool
    # may hold them as unknown fields.
    options = descriptor_pb2.MethodOptions.FromString(descriptor.GetOptions().SerializeToString())
    access = options.Extensions[options_pb2.access]
    public = access.audience == options_pb2.AUDIENCE_PUBLIC
    download = None
    if options.HasExtension(options_pb2.download):
        declared = options.Extensions[options_pb2.download]
        download = DownloadFields(offset=declared.offset_field, limit=declared.limit_field)
    rules: tuple[HttpRule, ...] = ()
    http: Any = annotations_pb2.http
    if public and options.HasExtension(http):
        rules = tuple(_rules(options.Extensions[http]))
    return Method(
        service=descriptor.containing_service.full_name,
        name=descriptor.name,
        request_class=GetMessageClass(descriptor.input_type),
        response_class=GetMessageClass(descriptor.output_type),
        client_streaming=descriptor.client_streaming,
        server_streaming=descriptor.server_streaming,
        public=public,
        scope=access.scope if public else "",
        download=download,
        http_rules=rules,
    )


def _rules(rule: http_pb2.HttpRule) -> Iterator[HttpRule]:
    kind = rule.WhichOneof("pattern")
    if kind == "custom":
        yield HttpRule(rule.custom.kind.upper(), rule.custom.path, rule.body, rule.response_body)
    elif kind is not None:
        yield HttpRule(kind.upper(), getattr(rule, kind), rule.body, rule.response_body)
    for additional in rule.additional_bindings:
        yield from _rules(additional)
