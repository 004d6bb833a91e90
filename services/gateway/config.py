"""The gateway's configuration."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from services.chassis.config import ServiceSettings
from services.chassis.listen import split_address


class GatewaySettings(ServiceSettings):
    """What the gateway can be told, beyond what every service can."""

    grpc_listen: str = Field("127.0.0.1:8081", description="Address of the gRPC entry.")
    http_listen: str = Field("127.0.0.1:8080", description="Address of the REST entry.")
    admin_listen: str = Field("127.0.0.1:9101", description="Address of /metrics, /healthz and /readyz.")

    router_target: str = Field("127.0.0.1:50051", description="gRPC target of the router.")
    render_target: str = Field("127.0.0.1:50055", description="gRPC target of render.")
    feedback_target: str = Field("", description="gRPC target of feedback; empty: this mesh has none.")

    api_keys_file: Path | None = Field(None, description="File of API keys (hashes); empty: no keys.")
    api_keys_poll_seconds: float = Field(1, gt=0, description="How often the key file is looked at.")
    gateway_local_principal: bool = Field(
        False, description="Callers without credentials are the tenant 'local'; needs loopback addresses."
    )

    http_max_body_bytes: int = Field(1024 * 1024, gt=0, description="Largest request body.")
    http_body_seconds: float = Field(30, gt=0, description="Longest time for a request body to arrive.")
    http_max_header_bytes: int = Field(32 * 1024, ge=1024, description="Largest request head.")
    http_header_seconds: float = Field(10, gt=0, description="Longest time for a request head to arrive.")
    http_keep_alive_seconds: int = Field(75, gt=0, description="Idle connections are closed after this.")
    http_max_connections: int = Field(4096, gt=0, description="Connections above this are answered with 503.")
    heartbeat_seconds: int = Field(15, gt=0, description="Silence after which an event stream is kept alive.")
    longest_deadline_seconds: float = Field(120, gt=0, description="Most that a unary call may ask for.")
    longest_stream_deadline_seconds: float = Field(3600, gt=0, description="Most that a stream may ask for.")
    http_cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may call from a browser, with commas; empty: none."
    )

    @field_validator("http_cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("http_listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        split_address(value)
        return value

    @model_validator(mode="after")
    def _local_means_local(self) -> Self:
        if self.gateway_local_principal:
            for address in (self.http_listen, self.grpc_listen):
                host, _ = split_address(address)
                if not _is_loopback(host):
                    raise ValueError(
                        f"GATEWAY_LOCAL_PRINCIPAL lets everybody in without credentials: it needs loopback "
                        f"addresses, not {address}. Use API_KEYS_FILE instead."
                    )
        return self


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; a name that begins like one may resolve anywhere."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
