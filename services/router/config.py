"""The router's configuration."""

from __future__ import annotations

from pydantic import Field, SecretStr

from services.chassis.config import ServiceSettings


class RouterSettings(ServiceSettings):
    """What the router can be told."""

    grpc_listen: str = Field("127.0.0.1:50051", description="Address of the gRPC port.")
    admin_listen: str = Field("127.0.0.1:9102", description="Address of /metrics and /healthz.")

    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///var/animathic.db"),
        description="SQLite (one replica) or postgresql+asyncpg://… (many).",
    )
    render_target: str = Field(
        "127.0.0.1:50055", description="The render service; dns:///name:port for many."
    )
    local_adapter_target: str = Field(
        "127.0.0.1:50052", description="The local model's adapter; empty: none."
    )
    gemini_adapter_target: str = Field("", description="Gemini's adapter; empty: not configured.")

    gemini_confidence_threshold: float = Field(
        0.7, ge=0, le=1, description="The local model serves when its estimate is at least this."
    )
    local_fallback_enabled: bool = Field(True, description="Ask the local model when Gemini failed.")
    quality_assessment_enabled: bool = Field(
        True, description="Keep quality scores and escalate on poor ones."
    )
    poor_quality_score: float = Field(0.5, ge=0, le=1, description="Below this a stronger model is asked.")

    router_slots: int = Field(8, gt=0, description="Animations that this replica works on at a time.")
    lease_seconds: float = Field(30, gt=0, description="How long a lease lasts without renewal.")
    renew_seconds: float = Field(10, gt=0, description="Seconds between renewals of the leases.")
    poll_seconds: float = Field(0.25, gt=0, description="Seconds between looks for work and for watchers.")
    progress_seconds: float = Field(1.0, ge=0, description="Least time between two writes of progress.")
    max_crashes: int = Field(5, gt=0, description="Crashes after which an animation is given up.")
    handback_seconds: float = Field(
        5, ge=0, description="On SIGTERM: seconds that work may take to its next checkpoint."
    )

    tenant_queue_limit: int = Field(200, gt=0, description="Animations of one tenant at a time.")
    queue_limit: int = Field(5000, gt=0, description="Animations of all tenants at a time.")
    request_life_seconds: float = Field(86_400, gt=0, description="How long a request_id is remembered.")
    retention_days: float = Field(
        0, ge=0, description="Days after which an animation is removed; 0 keeps it."
    )

    max_model_calls: int = Field(6, gt=0, description="Model calls that one animation may cost.")
    generate_seconds: float = Field(120, gt=0, description="The longest model call.")
    model_wait_seconds: float = Field(
        60, ge=0, description="How long to wait for a model that is away for now."
    )
    model_poll_seconds: float = Field(2, gt=0, description="Seconds between looks at the models' health.")
    render_seconds: float = Field(900, gt=0, description="The longest rendering.")
    render_wait_seconds: float = Field(
        3600, ge=0, description="How long to wait for a renderer to come back."
    )
    sweep_seconds: float = Field(5, gt=0, description="Seconds between rounds of releasing and sweeping.")
    release_retry_seconds: float = Field(
        30, gt=0, description="Seconds until an unanswered release is repeated."
    )
