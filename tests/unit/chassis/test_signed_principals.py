"""Signed principals, and the files that hold the key."""

import time
from pathlib import Path

import jwt
import pytest

from services.chassis.errors import Code, MeshError
from services.chassis.identity import (
    IdentitySigner,
    IdentityVerifier,
    Principal,
    acting_as,
    current_principal,
    read_mesh_keys,
    signer_and_verifier,
)

KEY, OTHER = b"k" * 32, b"o" * 32
ANN = Principal("acme", "ann", frozenset({"animations.read", "animations.write"}), "user")


def refused(verifier: IdentityVerifier, token: str) -> MeshError:
    with pytest.raises(MeshError) as error:
        verifier.verify(token)
    assert error.value.code is Code.UNAUTHENTICATED
    return error.value


def test_a_principal_survives_the_token() -> None:
    signer, verifier = signer_and_verifier([KEY, OTHER], "gateway")
    assert verifier.verify(signer.token(ANN)) == ANN
    assert verifier.verify(signer.own_token()) == Principal("", "gateway", frozenset(), "service")
    assert verifier.verify(IdentitySigner(OTHER, "router").token(ANN)) == ANN


def test_a_token_says_who_signed_for_whom_and_how_long() -> None:
    token = IdentitySigner(KEY, "gateway").token(ANN, ttl=30)
    claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="animathic")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert claims["exp"] - claims["iat"] == 30
    assert {name: claims[name] for name in ("iss", "sub", "kind", "tenant", "scopes")} == {
        "iss": "gateway",
        "sub": "ann",
        "kind": "user",
        "tenant": "acme",
        "scopes": ["animations.read", "animations.write"],
    }


@pytest.mark.parametrize("ttl", [0, 0.5, 301, 86400])
def test_no_token_lives_long(ttl: float) -> None:
    with pytest.raises(ValueError, match="1 to 300"):
        IdentitySigner(KEY, "gateway").token(ANN, ttl=ttl)


def test_the_services_own_token_is_reused_but_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = IdentitySigner(KEY, "router")
    first = signer.own_token()
    assert signer.own_token() is first
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    assert signer.own_token() is not first


def test_the_refusal_does_not_say_why() -> None:
    verifier = IdentityVerifier(KEY)
    forged = refused(verifier, IdentitySigner(OTHER, "gateway").token(ANN))
    garbage = refused(verifier, "garbage")
    assert forged.message == garbage.message
    assert forged.reason == "CREDENTIALS_INVALID"


def test_a_changed_token_is_refused() -> None:
    head, body, signature = IdentitySigner(KEY, "gateway").token(ANN).split(".")
    verifier = IdentityVerifier(KEY)
    refused(verifier, f"{head}.{body}x.{signature}")
    refused(verifier, f"{head}.{body}.")
    refused(verifier, f"{head}.{body}")
    refused(verifier, "")


def test_short_keys_are_refused() -> None:
    for make in (lambda: IdentitySigner(b"short", "x"), lambda: IdentityVerifier(KEY, b"short")):
        with pytest.raises(ValueError, match="32 bytes, not 5"):
            make()
    with pytest.raises(ValueError, match="at least one"):
        IdentityVerifier()


def test_nobody_is_current_outside_of_a_call() -> None:
    with pytest.raises(MeshError) as nobody:
        current_principal()
    assert nobody.value.reason == "CREDENTIALS_MISSING"
    with acting_as(ANN):
        assert current_principal() is ANN
    with pytest.raises(MeshError):
        current_principal()


def test_the_key_file(tmp_path: Path) -> None:
    file = tmp_path / "mesh.key"
    file.write_text(f"{KEY.hex()}\n{OTHER.hex()}\n")
    assert read_mesh_keys(file) == (KEY, OTHER)


@pytest.mark.parametrize(
    "content", ["", "\n", "hunter2hunter2", "abc", "ab" * 31, f"{'ab' * 32}\nxx", "ä" * 64]
)
def test_a_key_file_that_holds_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mesh.key"
    file.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="mesh key") as error:
        read_mesh_keys(file)
    if content.strip():
        assert content.split()[0] not in str(error.value)


def test_a_missing_key_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make up"):
        read_mesh_keys(tmp_path / "none")
