"""The configuration of a service."""

import json
from pathlib import Path

import pytest
from pydantic import Field, SecretStr, ValidationError

from services.chassis.config import ServiceSettings, redact_url
from services.chassis.listen import split_address


class Settings(ServiceSettings):
    database_url: str = "sqlite+aiosqlite:///var/animathic.db"
    google_ai_api_key: SecretStr = SecretStr("")
    legacy_token: str = ""
    count: int = Field(3, ge=1)


def test_it_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRPC_LISTEN", "0.0.0.0:50051")
    monkeypatch.setenv("COUNT", "7")
    monkeypatch.setenv("LOG_LEVEL", "")
    settings = Settings(_env_file=None)
    assert (settings.grpc_listen, settings.count) == ("0.0.0.0:50051", 7)
    # An empty variable is as good as none: compose files and manifests cannot leave one out.
    assert settings.log_level == "INFO"


def test_and_from_a_file_that_the_environment_overrides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("COUNT=5\nDRAIN_SECONDS=9\nSOMEBODY_ELSES=x\n")
    monkeypatch.setenv("COUNT", "6")
    assert (Settings().count, Settings().drain_seconds) == (6, 9)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None).count = 4  # type: ignore[misc]


def test_what_is_not_valid_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNT", "s3cret-by-mistake")
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None)
    assert "s3cret" not in str(error.value)


def test_its_description_holds_no_secret() -> None:
    settings = Settings(
        _env_file=None,
        database_url="postgresql+asyncpg://ann:s3cret@db:5432/x?password=s3cret&sslmode=require",
        google_ai_api_key=SecretStr("s3cret"),
        legacy_token="s3cret",
        mesh_key_file=Path("/etc/mesh.key"),
    )
    described = settings.describe()
    text = json.dumps(described)
    assert "s3cret" not in text
    assert "s3cret" not in repr(settings.google_ai_api_key)
    assert described["database_url"] == "postgresql+asyncpg://ann:[redacted]@db:5432/x?[redacted]"
    assert described["google_ai_api_key"] == described["legacy_token"] == "[redacted]"
    # A path to a secret is none, and whether a key is set matters.
    assert described["mesh_key_file"] == "/etc/mesh.key"
    assert Settings(_env_file=None).describe()["google_ai_api_key"] == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("plain text", "plain text"),
        ("file://var/artifacts", "file://var/artifacts"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("https://user@host/x", "https://user@host/x"),
        ("https://:pw@host", "https://:[redacted]@host"),
        ("https://u:p@ss@host/x#frag", "https://u:[redacted]@host/x"),
        ("http://[broken", "[redacted]"),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:50051", ("127.0.0.1", 50051)),
        ("[::1]:9101", ("::1", 9101)),
        (":8080", ("0.0.0.0", 8080)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_addresses(address: str, parts: tuple[str, int]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["", "localhost", "host:", "host:http", "host:70000", "host:-1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="write host:port"):
        split_address(address)
