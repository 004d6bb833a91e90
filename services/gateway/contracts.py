"""The contracts that the gateway serves: every service of the package `animathic.v1`, found by import."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

import animathic.v1
from services.gateway.transcoding.methods import Method, read_methods


@cache
def services() -> tuple[ServiceDescriptor, ...]:
    """All services of the contracts, sorted by name."""
    found: list[ServiceDescriptor] = []
    for module in pkgutil.iter_modules(animathic.v1.__path__):
        if module.name.endswith("_pb2"):
            file: FileDescriptor = importlib.import_module(f"animathic.v1.{module.name}").DESCRIPTOR
            found.extend(file.services_by_name.values())
    return tuple(sorted(found, key=lambda service: service.full_name))


@cache
def all_methods() -> tuple[Method, ...]:
    """All rpcs, internal ones included."""
    return read_methods(services())


@cache
def public_methods() -> tuple[Method, ...]:
    """The rpcs that callers outside the mesh may use."""
    return tuple(method for method in all_methods() if method.public)


def scopes_of(methods: Iterable[Method]) -> frozenset[str]:
    """The scopes that the rpcs ask for."""
    return frozenset(method.scope for method in methods if method.scope)
