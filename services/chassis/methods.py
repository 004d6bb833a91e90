"""What the descriptors say about an rpc: its names, its kind and who may call it."""

from dataclasses import dataclass

from google.protobuf import descriptor, descriptor_pool

from animathic.v1 import options_pb2

UNKNOWN = "unknown"
"""The label of services and methods that no descriptor declares: a caller chooses such names."""


@dataclass(frozen=True)
class Method:
    """One rpc.

    Attributes:
        path: As gRPC writes it, `/animathic.v1.AnimationService/GetAnimation`.
        service: The full name of the service, or `unknown`.
        name: The name of the method, or `unknown`.
        access: The access option; one without audience where there is none.
        descriptor: The descriptor, or None for an undeclared method.
    """

    path: str
    service: str
    name: str
    access: options_pb2.Access
    descriptor: descriptor.MethodDescriptor | None

    @property
    def infrastructure(self) -> bool:
        """Whether it belongs to health or reflection, which are open to everybody."""
        return self.service.startswith(("grpc.health.", "grpc.reflection."))


class MethodTable:
    """Looks methods up in a descriptor pool; declared ones are kept."""

    def __init__(self, pool: descriptor_pool.DescriptorPool | None = None) -> None:
        """Uses `pool`, or the default one that generated modules register with."""
        self._pool = pool or descriptor_pool.Default()
        self._known: dict[str, Method] = {}

    def find(self, path: str) -> Method:
        """The method of a path; one named `unknown` where no descriptor declares it."""
        known = self._known.get(path)
        if known is None:
            known = self._describe(path)
            if known.descriptor is not None:
                self._known[path] = known
        return known

    def _describe(self, path: str) -> Method:
        service, _, name = path.removeprefix("/").partition("/")
        try:
            found = self._pool.FindServiceByName(service).methods_by_name[name]
        except KeyError:
            return Method(path, UNKNOWN, UNKNOWN, options_pb2.Access(), None)
        access = found.GetOptions().Extensions[options_pb2.access]
        return Method(path, service, name, access, found)

    def of_service(self, service: str) -> list[Method]:
        """All methods of a service.

        Raises:
            KeyError: No descriptor declares the service.
        """
        found = self._pool.FindServiceByName(service)
        return [self.find(f"/{service}/{name}") for name in found.methods_by_name]
