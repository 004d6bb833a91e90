"""Who may come in: credentials to a principal, the access option, and the signed principal to pass on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from services.chassis.access import require_access
from services.chassis.calls import ServerCall
from services.chassis.errors import Code, MeshError
from services.chassis.identity import PRINCIPAL_KEY, IdentitySigner, Principal
from services.chassis.methods import MethodTable
from services.chassis.metrics import Metrics
from services.gateway.api_keys import KeyRing
from services.gateway.transcoding.methods import Method
from services.gateway.transcoding.upstream import Metadata

_TOKEN_SECONDS = 120
_TOKEN_REUSED_SECONDS = 60
_MOST_TOKENS = 10_000
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Doorkeeper:
    """Authenticates callers at both doors, HTTP and gRPC, and speaks for them inside."""

    def __init__(
        self,
        ring: KeyRing,
        signer: IdentitySigner,
        metrics: Metrics,
        methods: MethodTable,
        *,
        local: Principal | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        """Takes the keys in force and the signer.

        Args:
            ring: The keys.
            signer: Signs principals for the services.
            metrics: Where authentications are counted.
            methods: Where access options are looked up.
            local: Who a caller without credentials is; None refuses them.
            origins: Web origins, besides the gateway's own, whose pages may act as `local`.
        """
        self._ring = ring
        self._signer = signer
        self._metrics = metrics
        self._methods = methods
        self._local = local
        self._origins = frozenset(origins)
        self._tokens: dict[Principal, tuple[float, str]] = {}

    async def admit(self, headers: Headers, method: Method) -> Metadata:
        """Lets an HTTP request in: the metadata that names its caller to the service.

        Raises:
            MeshError: UNAUTHENTICATED or PERMISSION_DENIED.
        """
        given = [
            *headers.getlist("authorization"),
            *(f"Bearer {key}" for key in headers.getlist("x-api-key")),
        ]
        principal = self._identify(given, local=self._local if self._is_local(headers) else None)
        require_access(self._methods.find(method.grpc_path), principal)
        if principal is None:
            raise MeshError(Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", "Send an API key.")
        return self.metadata_for(principal)

    async def authenticate(self, call: ServerCall) -> Principal | None:
        """Finds out who makes a gRPC call; the chassis checks the access option.

        Raises:
            MeshError: UNAUTHENTICATED: the credentials are wrong.
        """
        given: list[str] = []
        for name, value in call.invocation_metadata() or ():
            text = value if isinstance(value, str) else ""
            if name == "authorization":
                given.append(text)
            elif name == "x-api-key":
                given.append(f"Bearer {text}")
        return self._identify(given, local=self._local)

    def metadata_for(self, principal: Principal) -> Metadata:
        """The signed principal as metadata. A signature serves several calls of the same caller."""
        now = time.monotonic()
        known = self._tokens.get(principal)
        if known is None or known[0] <= now:
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            known = (now + _TOKEN_REUSED_SECONDS, self._signer.token(principal, ttl=_TOKEN_SECONDS))
            self._tokens[principal] = known
        return ((PRINCIPAL_KEY, known[1]),)

    def _identify(self, given: list[str], *, local: Principal | None) -> Principal | None:
        """The caller that credentials name; `local` where there are none.

        Raises:
            MeshError: UNAUTHENTICATED `CREDENTIALS_INVALID`: some were given, and they are not valid.
        """
        if not given:
            self._count("local" if local is not None else "none", "ok" if local is not None else "missing")
            return local
        credentials = set(given)
        scheme, _, key = given[0].partition(" ")
        principal = None
        if len(credentials) == 1 and scheme.lower() == "bearer":
            principal = self._ring.find(key.strip())
        if principal is None:
            self._count("api_key", "invalid")
            raise MeshError(
                Code.UNAUTHENTICATED,
                "CREDENTIALS_INVALID",
                "The API key is not known or has expired. Send one valid key as 'Authorization: Bearer KEY' "
                "or as 'x-api-key: KEY'.",
            )
        self._count("api_key", "ok")
        return principal

    def _is_local(self, headers: Headers) -> bool:
        """Whether a request without credentials may be the local user's own.

        A page of some other site can make a browser send requests to this address; they bear that site's
        origin, or (after rebinding a name) its host.
        """
        try:
            host = urlsplit(f"//{headers.get('host', '')}").hostname
            origin = headers.get("origin")
            foreign = origin is not None and origin not in self._origins and not _same(origin, headers)
        except ValueError:
            return False
        return host in _LOCAL_HOSTS and not foreign

    def _count(self, method: str, outcome: str) -> None:
        self._metrics.authentications.labels(method, outcome).inc()


def _same(origin: str, headers: Headers) -> bool:
    return urlsplit(origin).netloc == headers.get("host")
