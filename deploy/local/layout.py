"""What runs on one machine, where its files are, and which environment each process gets."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from animathic.cli.places import GATEWAY_HTTP_PORT, HOST, MESH_FILE, ServicePlace, places, port_offset

__all__ = ["MARK", "ROOT", "Layout"]

ROOT = Path(__file__).resolve().parents[2]

# In the environment of every process of a mesh: its data directory. `down` finds leftovers by it.
MARK = "ANIMATHIC_MESH"

# What is never written to a file that others may read.
_SECRET_WORDS = ("KEY", "SECRET", "TOKEN", "PASSWORD", "CREDENTIALS")
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """One mesh on this machine.

    Attributes:
        data_dir: Where all of its files are; it exists only in one mesh at a time.
        environment: What all of its processes get.
        places: Its services with their ports.
    """

    data_dir: Path
    environment: Mapping[str, str]
    places: tuple[ServicePlace, ...]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Layout:
        """The mesh that the environment asks for, over `.env`, over the defaults.

        Args:
            environment: The variables of the caller. `DATA_DIR` and `PORT_OFFSET` tell meshes apart;
                `ENV_FILE` names another file than the project's `.env`.
        """
        written = dotenv_values(environment.get("ENV_FILE") or ROOT / ".env", interpolate=False)
        given = {key: value for key, value in written.items() if value} | dict(environment)
        data_dir = Path(given.get("DATA_DIR") or ROOT / "var").absolute()
        found = places(given)
        targets = {each.target_variable: f"{HOST}:{each.grpc_port}" for each in found}
        defaults = {
            "DATABASE_URL": f"sqlite+aiosqlite:///{data_dir / 'animathic.db'}",
            "ARTIFACT_STORE_URL": f"file://{data_dir / 'artifacts'}",
            "MESH_KEY_FILE": str(data_dir / "secrets" / "mesh.key"),
            "LOG_LEVEL": "INFO",
            # Wait no longer than a person at a terminal does for work that can be resumed anyway.
            "DRAIN_SECONDS": "5",
            # Rooms of a developer's machine often lack what the strict sandbox needs; `doctor` says so.
            "RENDER_ALLOW_WEAK_SANDBOX": "true",
            "ANIMATHIC_URL": f"http://{HOST}:{GATEWAY_HTTP_PORT + port_offset(given)}",
            **targets,
        }
        if not given.get("API_KEYS_FILE"):
            defaults["GATEWAY_LOCAL_PRINCIPAL"] = "true"
        chosen = {key: value for key, value in given.items() if value} | {"DATA_DIR": str(data_dir)}
        search = os.pathsep.join(part for part in (str(ROOT), given.get("PYTHONPATH", "")) if part)
        fixed = {"PYTHONPATH": search, "PYTHONUNBUFFERED": "1", MARK: str(data_dir)}
        return cls(data_dir, {**defaults, **chosen, **fixed}, found)

    @property
    def run_dir(self) -> Path:
        """Configuration, sockets and process ids of the running mesh."""
        return self.data_dir / "run"

    @property
    def log_dir(self) -> Path:
        """One log file per service."""
        return self.data_dir / "log"

    @property
    def working_dir(self) -> Path:
        """Where the processes run: relative paths of `.env` start at the project.

        Services look for a `.env` there themselves, so with `ENV_FILE` they run where there is none.
        """
        return self.data_dir if self.environment.get("ENV_FILE") else ROOT

    @property
    def socket(self) -> Path:
        """Where the supervisor listens. A socket's path is short by law, so a long one moves to /tmp."""
        path = self.run_dir / "supervisor.sock"
        if len(str(path)) <= _LONGEST_SOCKET_PATH:
            return path
        import hashlib

        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path("/tmp") / f"animathic-{digest}.sock"  # noqa: S108 - the socket itself is private (0700)

    @property
    def mesh_file(self) -> Path:
        """What the mesh was started with, for `animathic doctor`."""
        return self.data_dir / MESH_FILE

    def listening(self, place: ServicePlace) -> dict[str, str]:
        """The variables that only this service gets: where it listens."""
        listening = {
            "GRPC_LISTEN": f"{HOST}:{place.grpc_port}",
            "ADMIN_LISTEN": f"{HOST}:{place.admin_port}",
        }
        if place.name == "gateway":
            listening["HTTP_LISTEN"] = self.environment["ANIMATHIC_URL"].removeprefix("http://")
        return listening

    def public_environment(self) -> dict[str, str]:
        """What may be written down: our own settings, without anything secret."""
        known = {
            key: value
            for key, value in self.environment.items()
            if key.startswith(("ANIMATHIC_", "RENDER_", "GATEWAY_", "LOCAL_", "ROUTER_"))
            or key in {"PORT_OFFSET", "DATA_DIR", "ARTIFACT_STORE_URL"}
        }
        public = {
            key: value
            for key, value in known.items()
            if not any(word in key.split("_") for word in _SECRET_WORDS)
        }
        if self.environment.get("GOOGLE_AI_API_KEY"):
            public["GOOGLE_AI_API_KEY_SET"] = "true"
        return public

    def create_directories(self) -> None:
        """Makes the directories and the mesh key; what is there stays."""
        for directory in (self.data_dir, self.run_dir, self.log_dir):
            directory.mkdir(parents=True, exist_ok=True)
        key = Path(self.environment["MESH_KEY_FILE"])
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
