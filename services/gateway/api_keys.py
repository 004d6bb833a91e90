"""API keys: how they look, how a file keeps them (hashes only), and how that file is read again.

A key is `amk_<id>_<secret>`: the id finds the entry, the whole key is compared by its SHA-256. The secret
has 256 random bits, so a plain fast hash is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.chassis.identity import Principal

ALL_SCOPES = "*"
_KEY = re.compile(r"amk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


class KeyEntry(BaseModel):
    """One key of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    subject: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$")
    scopes: tuple[str, ...] = Field(min_length=1)
    create_time: AwareDatetime
    expire_time: AwareDatetime | None = None


class KeyFile(BaseModel):
    """The file: `{"keys": […]}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[KeyEntry, ...] = ()


class KeyFileError(ValueError):
    """The key file cannot be used; the message names the place, never a hash."""


@dataclass(frozen=True)
class Version:
    """What tells one state of the file from another without reading it."""

    modified: int
    size: int
    inode: int


def new_key(
    tenant: str, subject: str, scopes: Iterable[str], *, now: datetime, expire_time: datetime | None = None
) -> tuple[str, KeyEntry]:
    """Makes a key: the text to hand out once, and its entry.

    Raises:
        KeyFileError: The tenant, subject or scopes are malformed.
    """
    identifier = secrets.token_hex(8)
    key = f"amk_{identifier}_{secrets.token_urlsafe(32)}"
    try:
        entry = KeyEntry(
            id=identifier,
            sha256=_hash(key),
            tenant=tenant,
            subject=subject,
            scopes=tuple(sorted(set(scopes))),
            create_time=now,
            expire_time=expire_time,
        )
    except ValidationError as error:
        raise KeyFileError(_first_problem(error)) from None
    return key, entry


def parse_keys(text: bytes) -> KeyFile:
    """Reads the text of a key file.

    Raises:
        KeyFileError: It is not JSON or not of the form of `KeyFile`, or an id occurs twice.
    """
    try:
        found = KeyFile.model_validate(json.loads(text))
    except ValidationError as error:
        raise KeyFileError(_first_problem(error)) from None
    except ValueError as error:
        raise KeyFileError(f"is not JSON: {error}") from None
    ids = [entry.id for entry in found.keys]
    twice = next((identifier for identifier in ids if ids.count(identifier) > 1), None)
    if twice is not None:
        raise KeyFileError(f"holds the key id {twice} twice")
    return found


def read_version(path: Path) -> Version | None:
    """The state of the file; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Version(found.st_mtime_ns, found.st_size, found.st_ino)


class KeyRing:
    """The keys in force. Replaced as a whole, so that a request sees one state."""

    def __init__(self, all_scopes: Iterable[str]) -> None:
        """Takes the scopes that `*` stands for."""
        self._all_scopes = frozenset(all_scopes)
        self._entries: dict[str, KeyEntry] = {}

    def replace(self, keys: KeyFile) -> None:
        """Puts other keys in force."""
        self._entries = {entry.id: entry for entry in keys.keys}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: str, *, now: datetime | None = None) -> Principal | None:
        """Whom a key belongs to; None where it is unknown, wrong or expired."""
        match = _KEY.fullmatch(key)
        entry = self._entries.get(match[1]) if match else None
        if entry is None or not hmac.compare_digest(_hash(key), entry.sha256):
            return None
        if entry.expire_time is not None and entry.expire_time <= (now or datetime.now(UTC)):
            return None
        scopes = self._all_scopes if ALL_SCOPES in entry.scopes else frozenset(entry.scopes)
        return Principal(tenant=entry.tenant, subject=entry.subject, scopes=scopes, kind="user")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _first_problem(error: ValidationError) -> str:
    # Only place and message: the input of a validation error would hold the offending value.
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the file"
    return f"is not valid at {place}: {first['msg']}"
