"""API keys: their form, their file, and the command that makes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from typer.testing import CliRunner

from services.gateway.api_keys import KeyFile, KeyFileError, KeyRing, new_key, parse_keys
from services.gateway.config import GatewaySettings
from services.gateway.keys import app

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SCOPES = {"animations.read", "animations.write"}


def ring(*entries: object) -> KeyRing:
    made = KeyRing(SCOPES)
    made.replace(KeyFile.model_validate({"keys": entries}))
    return made


def test_a_key_finds_its_principal() -> None:
    key, entry = new_key("acme", "ann", ["animations.read"], now=NOW)
    found = ring(entry).find(key)
    assert found is not None
    assert (found.tenant, found.subject, found.kind) == ("acme", "ann", "user")
    assert found.scopes == {"animations.read"}
    assert key not in entry.model_dump_json()
    assert key.split("_", 2)[2] not in entry.model_dump_json()


def test_a_star_is_all_scopes() -> None:
    key, entry = new_key("acme", "ann", ["*"], now=NOW)
    found = ring(entry).find(key)
    assert found is not None
    assert found.scopes == SCOPES


def test_an_expired_key_is_no_key() -> None:
    key, entry = new_key("acme", "ann", ["*"], now=NOW, expire_time=NOW + timedelta(days=1))
    keys = ring(entry)
    assert keys.find(key, now=NOW) is not None
    assert keys.find(key, now=NOW + timedelta(days=1)) is None


@given(st.integers(0, 200), st.characters())
def test_a_key_with_one_other_character_is_no_key(position: int, character: str) -> None:
    key, entry = new_key("acme", "ann", ["*"], now=NOW)
    position %= len(key)
    changed = key[:position] + character + key[position + 1 :]
    assert (ring(entry).find(changed) is not None) == (changed == key)


@given(st.text(max_size=80))
def test_any_text_is_looked_up(text: str) -> None:
    _, entry = new_key("acme", "ann", ["*"], now=NOW)
    assert ring(entry).find(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "the file"),
        (b'{"kyes": []}', "kyes"),
        (b'{"keys": [{"id": "x"}]}', "keys.0.id"),
    ],
)
def test_a_file_that_cannot_be_used(text: bytes, problem: str) -> None:
    with pytest.raises(KeyFileError, match=problem):
        parse_keys(text)


def test_an_id_is_used_once_and_hashes_are_not_quoted() -> None:
    _, entry = new_key("acme", "ann", ["*"], now=NOW)
    with pytest.raises(KeyFileError, match="twice"):
        parse_keys(KeyFile(keys=(entry, entry)).model_dump_json().encode())
    broken = json.loads(KeyFile(keys=(entry,)).model_dump_json())
    broken["keys"][0]["sha256"] = "secret-looking"
    with pytest.raises(KeyFileError) as raised:
        parse_keys(json.dumps(broken).encode())
    assert "secret-looking" not in str(raised.value)


@pytest.mark.parametrize(
    ("tenant", "subject", "scopes"), [("", "a", ["*"]), ("A", "a", ["*"]), ("a", "", ["*"]), ("a", "a", [])]
)
def test_malformed_owners(tenant: str, subject: str, scopes: list[str]) -> None:
    with pytest.raises(KeyFileError):
        new_key(tenant, subject, scopes, now=NOW)


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "keys.json"
    run = CliRunner()
    keys = []
    for subject in ("ci", "ann"):
        made = run.invoke(
            app,
            [
                "new",
                "--tenant",
                "acme",
                "--subject",
                subject,
                "--scopes",
                "animations.read",
                "--file",
                str(file),
            ],
        )
        assert made.exit_code == 0, made.output
        keys.append(made.stdout.splitlines()[0])
    assert keys[0] not in file.read_text()
    entries = parse_keys(file.read_bytes())
    loaded = KeyRing(SCOPES)
    loaded.replace(entries)
    assert [loaded.find(key).subject for key in keys] == ["ci", "ann"]  # type: ignore[union-attr]
    listed = run.invoke(app, ["list", "--file", str(file)])
    assert "acme" in listed.output
    assert entries.keys[0].sha256 not in listed.output
    assert run.invoke(app, ["revoke", entries.keys[0].id, "--file", str(file)]).exit_code == 0
    assert [entry.subject for entry in parse_keys(file.read_bytes()).keys] == ["ann"]
    assert run.invoke(app, ["revoke", entries.keys[0].id, "--file", str(file)]).exit_code == 1
    unknown = run.invoke(app, ["new", "--tenant", "acme", "--scopes", "animations.raed", "--file", str(file)])
    assert unknown.exit_code == 1
    assert "animations.read" in unknown.output
    assert oct(file.stat().st_mode & 0o077) == "0o0"


def test_the_local_principal_needs_loopback() -> None:
    def settings(**values: object) -> GatewaySettings:
        return GatewaySettings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]

    assert settings(gateway_local_principal=True, http_listen="[::1]:80").gateway_local_principal
    for address in (
        "0.0.0.0:8080",
        ":8080",
        "10.0.0.1:80",
        "[::]:80",
        "127.corp.example:80",
        "localhost.example:80",
    ):
        with pytest.raises(ValidationError, match="loopback"):
            settings(gateway_local_principal=True, http_listen=address)
        with pytest.raises(ValidationError, match="loopback"):
            settings(gateway_local_principal=True, grpc_listen=address)
    assert settings(http_cors_origins="https://a.example, https://b.example").http_cors_origins == (
        "https://a.example",
        "https://b.example",
    )
    with pytest.raises(ValidationError):
        settings(http_listen="nonsense")
