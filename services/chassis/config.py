"""The configuration that every service has, read from the environment and `.env`."""

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_REDACTED = "[redacted]"
_SECRET_NAME = re.compile(r"(^|_)(key|secret|token|password|credentials?)$")


class ServiceSettings(BaseSettings):
    """What every service can be told; each service adds its own fields.

    The environment variable of a field is its name in capitals. Secrets are `SecretStr`.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    grpc_listen: str = Field("127.0.0.1:0", description="Address of the gRPC port; 0 chooses a free one.")
    admin_listen: str = Field("127.0.0.1:0", description="Address of /metrics, /healthz and /readyz.")
    mesh_key_file: Path = Field(Path("var/secrets/mesh.key"), description="The key that signs principals.")
    tls_certificate_file: Path | None = Field(None, description="TLS between services: the certificate.")
    tls_key_file: Path | None = Field(None, description="TLS between services: the key of the certificate.")
    tls_ca_file: Path | None = Field(None, description="TLS between services: the authority of all of them.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    data_dir: Path = Field(Path("var"), description="Where files go that are not elsewhere.")
    endpoint_seconds: float = Field(
        0, ge=0, description="On SIGTERM: seconds to go on serving until load balancers have noticed."
    )
    drain_seconds: float = Field(30, ge=0, description="On SIGTERM: seconds that running calls may take.")
    default_deadline_seconds: float = Field(30, gt=0, description="For unary calls without a deadline.")
    default_stream_deadline_seconds: float = Field(3600, gt=0, description="For streams without a deadline.")
    max_connection_age_seconds: float = Field(
        300, gt=0, description="Connections are renewed after this time, so that clients see new replicas."
    )
    max_message_bytes: int = Field(8 * 1024 * 1024, gt=0, description="Largest gRPC message accepted.")

    def describe(self) -> dict[str, Any]:
        """The configuration in plain values, fit for a log: secrets are redacted."""
        return {name: _redact(name, getattr(self, name)) for name in sorted(type(self).model_fields)}


def _redact(name: str, value: Any) -> Any:
    if isinstance(value, SecretStr):
        return _REDACTED if value.get_secret_value() else ""
    if _SECRET_NAME.search(name) and value:
        return _REDACTED
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return redact_url(value)
    return value


def redact_url(text: str) -> str:
    """`text` without the password and the query of a URL, which can hold secrets."""
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return _REDACTED
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")
    login = f"{user[0]}:{_REDACTED}@" if user[1] else (f"{user[0]}@" if user[0] else "")
    query = _REDACTED if parts.query else ""
    return urlunsplit((parts.scheme, login + host, parts.path, query, ""))
