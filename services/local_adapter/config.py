"""The configuration of local_adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from services.chassis.config import ServiceSettings
from services.local_adapter.model_files import DEFAULT_ADAPTER

BASE_WEIGHTS_ALONE = "none"


class LocalAdapterSettings(ServiceSettings):
    """What local_adapter can be told."""

    grpc_listen: str = Field("127.0.0.1:50052", description="Address of the gRPC port.")
    admin_listen: str = Field("127.0.0.1:9103", description="Address of /metrics, /healthz and /readyz.")

    local_infer_url: str = Field(
        "", description="An Ollama or OpenAI-compatible server; empty: llama.cpp in a child of this process."
    )
    local_infer_api: Literal["auto", "ollama", "openai"] = Field(
        "auto", description="What the server at LOCAL_INFER_URL speaks."
    )
    local_infer_model: str = Field("", description="The model to ask there; empty: the only one it has.")
    local_infer_api_key: SecretStr = Field(
        SecretStr(""), description="Sent to LOCAL_INFER_URL as bearer token."
    )
    local_infer_idle_seconds: float = Field(
        60, gt=0, le=600, description="Longest silence of the server at LOCAL_INFER_URL, loading included."
    )
    local_infer_context_tokens: int = Field(
        8192, ge=2048, description="Prompt, reference and answer together, where the server lets us say."
    )
    local_infer_max_tokens: int = Field(
        2000, ge=64, le=16_000, description="Tokens that its answer may have."
    )

    local_adapter_file: str = Field(
        str(DEFAULT_ADAPTER),
        description="The trained LoRA adapter, manifest.json beside it; `none`: the base weights alone.",
    )
    local_threads: int = Field(1, ge=1, le=64, description="Threads that the embedded model computes with.")
    local_slots: int = Field(2, ge=1, le=64, description="Answers at a time.")
    local_queue: int = Field(8, ge=0, le=1000, description="Calls that may wait for a slot.")
    local_context_tokens: int = Field(
        2048, ge=512, le=8192, description="Prompt and answer of the embedded model together."
    )
    local_timeout_seconds: float = Field(
        300, gt=0, le=3600, description="Longest that one answer may take, whatever the caller allows."
    )

    @field_validator("local_infer_url")
    @classmethod
    def _is_plain_url(cls, value: str) -> str:
        """The address without the path of the protocol, which the adapter adds itself."""
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write a URL such as http://127.0.0.1:11434")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("write it without user, password and query; a key goes to LOCAL_INFER_API_KEY")
        path = parts.path.rstrip("/")
        for suffix in ("/v1", "/api"):
            path = path.removesuffix(suffix)
        return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"

    @property
    def adapter(self) -> Path | None:
        """The trained adapter; None for the base weights alone."""
        return None if self.local_adapter_file == BASE_WEIGHTS_ALONE else Path(self.local_adapter_file)
