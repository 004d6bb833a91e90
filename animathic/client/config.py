"""Where the mesh is and how patient the client is with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["DEFAULT_TARGET", "ClientConfig"]

DEFAULT_TARGET = "127.0.0.1:8081"


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """How to reach a mesh.

    Attributes:
        target: The gateway's gRPC entry, `host:port`.
        api_key: The key that says who calls; empty where the gateway asks for none.
        tls: Whether to encrypt the connection.
        ca_file: PEM file with the certificates to trust; none takes the system's.
        timeout: Seconds that one ordinary call may take.
        watch_timeout: Seconds that one watch stream may live before it is opened anew.
        download_timeout: Seconds that one download stream may live.
        attempts: How often a call is made in all while the mesh is unavailable.
        patience: Seconds that retries of one call may take in all.
        wait_initial: Seconds before the first retry; they double from retry to retry.
        wait_max: The longest pause between two tries, seconds.
    """

    target: str = DEFAULT_TARGET
    api_key: str = field(default="", repr=False)
    tls: bool = False
    ca_file: Path | None = None
    timeout: float = 30.0
    watch_timeout: float = 3600.0
    download_timeout: float = 600.0
    attempts: int = 8
    patience: float = 30.0
    wait_initial: float = 0.2
    wait_max: float = 5.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ClientConfig:
        """Reads `ANIMATHIC_TARGET`, `ANIMATHIC_API_KEY`, `ANIMATHIC_TLS` and `ANIMATHIC_CA_FILE`.

        Args:
            environment: The variables; none takes the process's.
        """
        variables = os.environ if environment is None else environment
        ca_file = variables.get("ANIMATHIC_CA_FILE", "")
        return cls(
            target=variables.get("ANIMATHIC_TARGET", "") or DEFAULT_TARGET,
            api_key=variables.get("ANIMATHIC_API_KEY", ""),
            tls=variables.get("ANIMATHIC_TLS", "").lower() in {"1", "true", "yes", "on"},
            ca_file=Path(ca_file) if ca_file else None,
        )
