"""The configuration of render."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from services.chassis.config import ServiceSettings

__all__ = ["RenderSettings"]


class RenderSettings(ServiceSettings):
    """What render can be told."""

    grpc_listen: str = Field("127.0.0.1:50055", description="Address of the gRPC port.")
    admin_listen: str = Field("127.0.0.1:9106", description="Address of /metrics, /healthz and /readyz.")

    artifact_store_url: str = Field(
        "file://var/artifacts", description="Where videos and pictures are stored: file://, s3:// or gs://."
    )
    render_allow_weak_sandbox: bool = Field(
        False, description="Serve although children are confined by resource limits alone."
    )
    render_slots: int = Field(
        max(1, os.cpu_count() or 1), ge=1, le=256, description="Renders at a time; one more is refused."
    )
    render_check_slots: int = Field(2, ge=1, le=64, description="Deep checks and compilations at a time.")
    render_seconds: float = Field(600, gt=0, le=86_400, description="Longest that one render may take.")
    render_check_seconds: float = Field(20, gt=0, le=600, description="Longest that one deep check may take.")
    render_cpu_seconds: int = Field(900, ge=1, description="Processor time that one child may use.")
    render_memory_mb: int = Field(4096, ge=256, description="Address space that one child may use, MiB.")
    render_file_mb: int = Field(512, ge=1, description="The largest file that one child may write, MiB.")
    render_work_dir: Path | None = Field(
        None, description="Where children work; a directory of the system's temporary files if empty."
    )
    artifact_grace_seconds: float = Field(
        3600, ge=0, description="How long an artifact that nobody holds is kept."
    )
    artifact_sweep_seconds: float = Field(
        300, gt=0, description="Time between sweeps of artifacts that nobody holds."
    )
