"""Who is calling: the signed principal that travels with every call of the mesh.

The gateway authenticates people and programs and signs a short-lived principal for the call; a
service's own work runs under the service's principal. Every service verifies the signature.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jwt

from services.chassis.errors import Code, MeshError

PRINCIPAL_KEY = "animathic-principal"
"""The metadata key of the signed principal."""

AUDIENCE = "animathic"
_ALGORITHM = "HS256"
_LEEWAY_SECONDS = 5
_MAX_TTL_SECONDS = 300
_MIN_KEY_BYTES = 32
_REQUIRED_CLAIMS = ["iss", "sub", "aud", "iat", "exp", "kind", "tenant", "scopes"]

Kind = Literal["user", "service"]


@dataclass(frozen=True)
class Principal:
    """A caller.

    Attributes:
        tenant: Whose resources the call touches; may be empty for a service.
        subject: The person, program or service within the tenant.
        scopes: What the caller may do, for example `animations.read`.
        kind: A `user` comes through the gateway, a `service` is part of the mesh.
    """

    tenant: str
    subject: str
    scopes: frozenset[str]
    kind: Kind


_principal: ContextVar[Principal | None] = ContextVar("animathic_principal", default=None)


def current_principal() -> Principal:
    """The verified caller of the call that is being served.

    Raises:
        MeshError: UNAUTHENTICATED, outside of a call or in one without a principal.
    """
    principal = _principal.get()
    if principal is None:
        raise MeshError(
            Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", "The call names no caller; send credentials."
        )
    return principal


@contextmanager
def acting_as(principal: Principal | None) -> Iterator[None]:
    """Makes `principal` the current one: the server does so for each call, tests may."""
    token = _principal.set(principal)
    try:
        yield
    finally:
        _principal.reset(token)


class IdentitySigner:
    """Signs principals in the name of one service."""

    def __init__(self, key: bytes, issuer: str) -> None:
        """Takes the mesh key (at least 32 bytes) and the name of the signing service.

        Raises:
            ValueError: The key is too short.
        """
        self._key = _checked(key)
        self.issuer = issuer
        self._own: tuple[float, str] | None = None

    @property
    def principal(self) -> Principal:
        """The service's own identity."""
        return Principal(tenant="", subject=self.issuer, scopes=frozenset(), kind="service")

    def token(self, principal: Principal, *, ttl: float = 60) -> str:
        """Signs `principal` for `ttl` seconds (at most 300).

        Raises:
            ValueError: The lifetime is not between 1 and 300 seconds.
        """
        if not 1 <= ttl <= _MAX_TTL_SECONDS:
            raise ValueError(f"a token lives for 1 to {_MAX_TTL_SECONDS} seconds, not {ttl}")
        now = time.time()
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": int(now),
            "exp": int(now + ttl),
            "sub": principal.subject,
            "kind": principal.kind,
            "tenant": principal.tenant,
            "scopes": sorted(principal.scopes),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def own_token(self) -> str:
        """The service's own principal, signed; reused until half of its life is over."""
        now = time.monotonic()
        if self._own is None or self._own[0] <= now:
            self._own = (now + 30, self.token(self.principal, ttl=60))
        return self._own[1]


class IdentityVerifier:
    """Verifies signed principals."""

    def __init__(self, *keys: bytes) -> None:
        """Takes the mesh keys that are accepted: several while a key is being replaced.

        Raises:
            ValueError: There is no key, or one is too short.
        """
        if not keys:
            raise ValueError("at least one mesh key is needed")
        self._keys = tuple(_checked(key) for key in keys)

    def verify(self, token: str) -> Principal:
        """Reads the principal from a token.

        Raises:
            MeshError: UNAUTHENTICATED `CREDENTIALS_INVALID`: forged, expired, not for this mesh or
                lacking a claim. What exactly is wrong is not told to the caller.
        """
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    audience=AUDIENCE,
                    leeway=_LEEWAY_SECONDS,
                    options={"require": _REQUIRED_CLAIMS},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError as error:
                raise _refused() from error
            return _principal_of(claims)
        raise _refused()


def read_mesh_keys(path: Path) -> tuple[bytes, ...]:
    """Reads the mesh keys from a file: one per line in hexadecimal, the first signs.

    While a key is being replaced, the file holds the new and the old one.

    Raises:
        ValueError: The file is missing, or holds no key of at least 32 bytes; the sentence says which
            and never quotes the content.
    """
    try:
        lines = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the mesh key file {path} cannot be read: create it with 'make up'") from error
    if not lines or not all(re.fullmatch(r"(?:[0-9a-fA-F]{2})+", line) for line in lines):
        raise ValueError(f"the mesh key file {path} must hold hexadecimal keys, one per line")
    return tuple(_checked(bytes.fromhex(line)) for line in lines)


def signer_and_verifier(keys: Sequence[bytes], issuer: str) -> tuple[IdentitySigner, IdentityVerifier]:
    """Both ends of the mesh's identity for the service `issuer`."""
    return IdentitySigner(keys[0], issuer), IdentityVerifier(*keys)


def _principal_of(claims: dict[str, Any]) -> Principal:
    tenant, subject, kind, scopes = claims["tenant"], claims["sub"], claims["kind"], claims["scopes"]
    texts = isinstance(tenant, str) and isinstance(subject, str) and isinstance(scopes, list)
    if not texts or kind not in ("user", "service") or not all(isinstance(scope, str) for scope in scopes):
        raise _refused()
    if claims["exp"] - claims["iat"] > _MAX_TTL_SECONDS or (kind == "user" and not tenant):
        raise _refused()
    return Principal(tenant=tenant, subject=subject, scopes=frozenset(scopes), kind=kind)


def _refused() -> MeshError:
    return MeshError(
        Code.UNAUTHENTICATED,
        "CREDENTIALS_INVALID",
        "The credentials are not valid or have expired; get new ones and retry.",
    )


def _checked(key: bytes) -> bytes:
    if len(key) < _MIN_KEY_BYTES:
        raise ValueError(f"a mesh key has at least {_MIN_KEY_BYTES} bytes, not {len(key)}")
    return key
