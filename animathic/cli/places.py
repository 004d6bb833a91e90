"""Where the parts of a mesh on one machine listen: the defaults, and what the environment changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "GATEWAY_HTTP_PORT",
    "HOST",
    "MESH_FILE",
    "SERVICES",
    "ServicePlace",
    "gateway_url",
    "local_environment",
    "places",
    "port_offset",
]

HOST = "127.0.0.1"
GATEWAY_HTTP_PORT = 8080

MESH_FILE = Path("run", "mesh.json")
"""Under DATA_DIR: what `make up` started the mesh with, secrets left out."""


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """One service on this machine.

    Attributes:
        name: The service, as in `services/<name>`.
        grpc_port: Its gRPC port; of the gateway its gRPC entry.
        admin_port: Its port for health and metrics.
        target_variable: The variable that names another address of it.
        serves: The gRPC service whose health tells whether it can do its work; empty: that of the process.
    """

    name: str
    grpc_port: int
    admin_port: int
    target_variable: str
    serves: str = ""


SERVICES = (
    ServicePlace("router", 50051, 9102, "ROUTER_TARGET", "animathic.v1.AnimationService"),
    ServicePlace("local_adapter", 50052, 9103, "LOCAL_ADAPTER_TARGET", "animathic.v1.ModelAdapterService"),
    ServicePlace("render", 50055, 9106, "RENDER_TARGET", "animathic.v1.RenderService"),
    ServicePlace("gateway", 8081, 9101, "ANIMATHIC_TARGET"),
)


def port_offset(environment: Mapping[str, str]) -> int:
    """`PORT_OFFSET`: what is added to every default port, so that a second mesh fits beside the first."""
    return int(environment.get("PORT_OFFSET", "") or 0)


def places(environment: Mapping[str, str]) -> tuple[ServicePlace, ...]:
    """The services with the ports that the environment gives them."""
    offset = port_offset(environment)
    return tuple(
        ServicePlace(
            each.name, each.grpc_port + offset, each.admin_port + offset, each.target_variable, each.serves
        )
        for each in SERVICES
    )


def gateway_url(environment: Mapping[str, str]) -> str:
    """Where the gateway's HTTP door is."""
    default = f"http://{HOST}:{GATEWAY_HTTP_PORT + port_offset(environment)}"
    return (environment.get("ANIMATHIC_URL", "") or default).rstrip("/")


def local_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, over what a mesh on this machine was started with.

    Args:
        environment: The process's variables; `DATA_DIR` (default `var`) says where the mesh keeps its data.
    """
    started: dict[str, str] = {}
    file = Path(environment.get("DATA_DIR", "") or "var") / MESH_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        started = {str(key): str(value) for key, value in content["environment"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        started = {}  # no mesh was started here, or not by us: the defaults hold
    merged = {**started, **environment}
    if "ANIMATHIC_TARGET" not in merged:
        gateway = next(each for each in places(merged) if each.name == "gateway")
        merged["ANIMATHIC_TARGET"] = f"{HOST}:{gateway.grpc_port}"
    return merged
