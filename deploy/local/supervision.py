"""supervisord: its configuration, its start, and its remote control."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.local.layout import ROOT, Layout

__all__ = ["ProcessState", "Supervisor", "write_configuration"]

# Longer than a service's own drain, so that the kill is for those that hang.
_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A supervised process.

    Attributes:
        name: The service.
        state: supervisord's word for it: RUNNING, STARTING, BACKOFF, FATAL, …
        pid: Its process id; 0 where it does not run.
        description: supervisord's sentence on it.
    """

    name: str
    state: str
    pid: int
    description: str


def write_configuration(layout: Layout) -> None:
    """Writes supervisord's configuration and what the mesh is started with.

    The environment that holds secrets is not in it: processes inherit it.
    """
    configuration = configparser.RawConfigParser()
    configuration["unix_http_server"] = {"file": str(layout.socket), "chmod": "0700"}
    configuration["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": str(layout.log_dir / "supervisord.log"),
        "pidfile": str(layout.run_dir / "supervisord.pid"),
        "childlogdir": str(layout.log_dir),
        "directory": str(layout.working_dir),
    }
    configuration["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    configuration["supervisorctl"] = {"serverurl": f"unix://{layout.socket}"}
    for place in layout.places:
        listening = ",".join(f'{key}="{value}"' for key, value in layout.listening(place).items())
        configuration[f"program:{place.name}"] = {
            "command": f'"{sys.executable}" -m services.{place.name}',
            "environment": listening,
            "autorestart": "true",
            # Longer than the imports that a wrong setting survives.
            "startsecs": "3",
            # A service that was killed often comes back each time; `up` reports one that cannot start.
            "startretries": "20",
            # The service gets SIGTERM alone and ends its children in order; a SIGKILL is for the whole group.
            "stopsignal": "TERM",
            "stopwaitsecs": str(_STOP_SECONDS),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": str(layout.log_dir / f"{place.name}.log"),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "2",
        }
    with (layout.run_dir / "supervisord.conf").open("w", encoding="utf-8") as file:
        # supervisord expands %(…)s everywhere: a percent sign in a path is doubled.
        for section in configuration.sections():
            for key, value in configuration[section].items():
                configuration[section][key] = value.replace("%", "%%")
        configuration.write(file)
    layout.mesh_file.write_text(
        json.dumps({"environment": layout.public_environment()}, indent=2) + "\n", encoding="utf-8"
    )


class Supervisor:
    """The remote control of one mesh's supervisord."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether supervisord answers."""
        return self._ask("getState") is not None

    def pid(self) -> int:
        """The process id of supervisord; 0 where it does not run."""
        return int(self._ask("getPID") or 0)

    def start(self, *, patience: float = 15.0) -> None:
        """Starts supervisord, which starts the services, and waits until it answers.

        Args:
            patience: Seconds to wait.

        Raises:
            RuntimeError: It did not come up; the message holds the end of its log.
        """
        log = self._layout.log_dir / "supervisord.out"
        with log.open("ab") as output:
            self._started = process = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", self._configuration],
                cwd=ROOT,
                env=dict(self._layout.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self.running:
                return
            if process.poll() is not None:
                break
            time.sleep(0.1)
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise RuntimeError(f"supervisord did not start; {log} ends: " + " / ".join(tail))

    def processes(self) -> list[ProcessState]:
        """The services as supervisord sees them; empty where it does not run."""
        found = self._ask("getAllProcessInfo") or []
        return [
            ProcessState(
                each["name"], each["statename"], int(each["pid"]), each["description"] or each["spawnerr"]
            )
            for each in found
        ]

    def start_stopped(self) -> list[str]:
        """Starts the services that are down and returns their names."""
        down = [each.name for each in self.processes() if each.state in {"STOPPED", "EXITED", "FATAL"}]
        for name in down:
            self._ask("startProcess", name, False)
        return down

    def ended(self, pid: int) -> bool:
        """Whether the supervisor with this process id has ended."""
        if self._started is not None and self._started.pid == pid:
            return self._started.poll() is not None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    def shut_down(self) -> None:
        """Asks supervisord to stop all services and itself; it does so in its own time."""
        self._ask("shutdown")

    @property
    def _configuration(self) -> str:
        return str(self._layout.run_dir / "supervisord.conf")

    def _ask(self, method: str, *arguments: object) -> Any:
        """The answer; none where supervisord does not run."""
        transport: Any = SupervisorTransport(  # type: ignore[no-untyped-call]
            None, None, serverurl=f"unix://{self._layout.socket}"
        )
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            answer = getattr(proxy.supervisor, method)(*arguments)
        except (OSError, xmlrpc.client.ProtocolError):
            return None
        finally:
            transport.close()
        return answer
