"""Who may call what: authentication of the caller and the access option of the rpc."""

from typing import Protocol

from animathic.v1 import options_pb2
from services.chassis.calls import Layer, Proceed, ServerCall
from services.chassis.errors import Code, MeshError
from services.chassis.identity import PRINCIPAL_KEY, IdentityVerifier, Principal, acting_as
from services.chassis.methods import Method


class Authenticator(Protocol):
    """Finds out who calls."""

    async def authenticate(self, call: ServerCall) -> Principal | None:
        """The caller, or None where no credentials were given.

        Raises:
            MeshError: UNAUTHENTICATED: credentials were given and are not valid.
        """


class MeshAuthenticator:
    """Believes the signed principal in the metadata: what every service inside the mesh does."""

    def __init__(self, verifier: IdentityVerifier) -> None:
        self._verifier = verifier

    async def authenticate(self, call: ServerCall) -> Principal | None:
        """The verified principal of the call.

        Raises:
            MeshError: UNAUTHENTICATED: the principal is forged or has expired.
        """
        token = call.metadata(PRINCIPAL_KEY)
        return self._verifier.verify(token) if token else None


def require_access(method: Method, principal: Principal | None) -> Principal:
    """Checks that `principal` may call `method`.

    Returns:
        The principal.

    Raises:
        MeshError: UNAUTHENTICATED without a caller, PERMISSION_DENIED where the option forbids the call.
    """
    access = method.access
    if access.audience not in (options_pb2.AUDIENCE_PUBLIC, options_pb2.AUDIENCE_INTERNAL):
        raise MeshError(
            Code.PERMISSION_DENIED,
            "INTERNAL_ONLY",
            f"{method.name} declares no access rule, so nobody may call it.",
        )
    if principal is None:
        raise MeshError(
            Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", "The call names no caller; send credentials."
        )
    if principal.kind == "service":
        return principal
    if access.audience == options_pb2.AUDIENCE_INTERNAL:
        raise MeshError(
            Code.PERMISSION_DENIED, "INTERNAL_ONLY", f"{method.name} is for services of the mesh only."
        )
    if not access.scope or access.scope not in principal.scopes:
        raise MeshError(
            Code.PERMISSION_DENIED,
            "SCOPE_MISSING",
            f"{method.name} needs the scope '{access.scope}'; use a key that has it.",
            metadata={"scope": access.scope},
        )
    return principal


class AccessLayer(Layer):
    """Authenticates the caller, checks the access option, and makes the principal current."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def around(self, call: ServerCall, proceed: Proceed) -> None:
        """Runs the call in the name of its caller.

        Raises:
            MeshError: The caller is unknown or may not call.
        """
        if call.method.descriptor is None:
            # The pipeline answers that there is no such method.
            await proceed()
            return
        principal = await self._authenticator.authenticate(call)
        call.principal = require_access(call.method, principal)
        with acting_as(call.principal):
            await proceed()
