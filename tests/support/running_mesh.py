"""A mesh of real processes for tests: its own ports, its own data directory, two tenants with keys."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from animathic.cli.places import GATEWAY_HTTP_PORT, HOST, SERVICES
from deploy.local.layout import MARK, ROOT, Layout
from deploy.local.mesh import LocalMesh

# What a developer's shell or `.env` may hold must not change what the tests see.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def free_offset() -> int:
    """An offset at which every port of a mesh is free now."""
    ports = [GATEWAY_HTTP_PORT, *(port for each in SERVICES for port in (each.grpc_port, each.admin_port))]
    for offset in random.sample(range(500, 10_500, 20), 100):
        if all(_is_free(port + offset) for port in ports):
            return offset
    raise RuntimeError("no free ports for a mesh")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def clean_environment(data_dir: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a mesh that depends on nothing around it."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    own = {"DATA_DIR": str(data_dir), "PORT_OFFSET": str(free_offset()), "ENV_FILE": os.devnull}
    return {**kept, **own, **(more or {})}


class RunningMesh:
    """A mesh that runs.

    Attributes:
        url: The HTTP door.
        target: The gRPC entry.
        keys: API keys by tenant: `acme` and `umbra`.
        environment: What a command needs to talk to it.
    """

    def __init__(self, mesh: LocalMesh, keys: dict[str, str]) -> None:
        self.mesh = mesh
        self.layout = mesh.layout
        self.url = self.layout.environment["ANIMATHIC_URL"]
        self.target = self.layout.environment["ANIMATHIC_TARGET"]
        self.keys = keys
        self.environment = {key: value for key, value in self.layout.environment.items() if key != MARK}

    def command(
        self, *arguments: str, tenant: str = "", timeout: float = 50
    ) -> subprocess.CompletedProcess[str]:
        """Runs the `animathic` command against it."""
        environment = self.environment
        if tenant:
            environment = {**environment, "ANIMATHIC_API_KEY": self.keys[tenant]}
        return subprocess.run(
            [sys.executable, "-m", "animathic.cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=ROOT,
        )

    def admin_url(self, service: str) -> str:
        """Where a service tells its metrics and health."""
        place = next(each for each in self.layout.places if each.name == service)
        return f"http://{HOST}:{place.admin_port}"

    def pid(self, service: str) -> int:
        """The process id of a service; 0 while it is down."""
        return next(each.pid for each in self.mesh.processes() if each.name == service)

    def children(self, pid: int) -> list[int]:
        """The processes right below one."""
        parents = {int(entry.name): _stat(int(entry.name), 1) for entry in Path("/proc").glob("[0-9]*")}
        return sorted(child for child, parent in parents.items() if parent == pid)

    def descendants(self, pid: int) -> list[int]:
        """All processes below one, nearest first."""
        found, queue = [], [pid]
        while queue:
            below = self.children(queue.pop(0))
            found += below
            queue += below
        return found

    def log(self, service: str) -> str:
        """What a service has logged."""
        return (self.layout.log_dir / f"{service}.log").read_text(encoding="utf-8", errors="replace")


def _stat(pid: int, index: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[index])


def new_key(file: Path, tenant: str) -> str:
    """Makes an API key for a tenant."""
    made = subprocess.run(
        [sys.executable, "-m", "services.gateway.keys", "new", "--tenant", tenant, "--file", str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return made.stdout.strip()


@contextmanager
def running_mesh(
    data_dir: Path, more: Mapping[str, str] | None = None, say: Callable[[str], None] = print
) -> Iterator[RunningMesh]:
    """Starts a mesh, and takes it down with all that belongs to it."""
    keys_file = data_dir / "secrets" / "api_keys.json"
    keys_file.parent.mkdir(mode=0o700, parents=True)
    keys = {tenant: new_key(keys_file, tenant) for tenant in ("acme", "umbra")}
    environment = clean_environment(
        data_dir, {"API_KEYS_FILE": str(keys_file), "GATEWAY_LOCAL_PRINCIPAL": "true", **(more or {})}
    )
    mesh = LocalMesh(Layout.read(environment), say)
    try:
        mesh.up()
        yield RunningMesh(mesh, keys)
    finally:
        mesh.down()
        left = mesh.leftovers()
        assert left == [], f"still running after down: {left}"


def eventually(condition: Callable[[], object], what: str, *, patience: float = 20.0) -> None:
    """Waits until a condition holds.

    Raises:
        AssertionError: It did not within `patience` seconds.
    """
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {patience} s: {what}")
