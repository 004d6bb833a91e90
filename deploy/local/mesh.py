"""Up, down and ready: what `make up` and `make down` do."""

from __future__ import annotations

import asyncio
import fcntl
import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from animathic.cli.doctor import Finding, Verdict, examine, healthy
from animathic.client import Client, ClientConfig
from deploy.local.layout import Layout
from deploy.local.leftovers import Leftover, end_leftovers, find_processes
from deploy.local.supervision import ProcessState, Supervisor, write_configuration

__all__ = ["LocalMesh", "NotReadyError"]

# What has been in trouble for this long, seconds, will not come up by waiting.
_HOPELESS = 12.0


class NotReadyError(Exception):
    """The mesh did not become ready; the message says which part and why."""


class LocalMesh:
    """One mesh on this machine."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        """Makes the control; nothing is started.

        Args:
            layout: What runs and where.
            say: Takes a line for the person who waits.
        """
        self.layout = layout
        self._say = say
        self._supervisor = Supervisor(layout)

    @property
    def running(self) -> bool:
        """Whether the supervisor runs."""
        return self._supervisor.running

    def processes(self) -> list[ProcessState]:
        """The services as the supervisor sees them."""
        return self._supervisor.processes()

    def up(self, *, patience: float = 90.0) -> list[Finding]:
        """Starts what does not run and waits until all is ready.

        Args:
            patience: Seconds to wait.

        Returns:
            What was found out about every part.

        Raises:
            NotReadyError: Something that a video needs is not ready.
        """
        self.layout.create_directories()
        with self._lock():
            if self._supervisor.running:
                started = self._supervisor.start_stopped()
                self._say(f"already up; started {', '.join(started)}" if started else "already up")
                if self._settings_differ():
                    self._say("its settings differ from the present environment: `make down up` applies them")
            else:
                for each in end_leftovers(self.layout.data_dir):
                    self._say(f"ended a process left over from before: {each.pid} {each.command}")
                write_configuration(self.layout)
                self._say(f"starting the mesh, data under {self.layout.data_dir}")
                self._supervisor.start()
        return self._wait(patience)

    def down(self, *, patience: float = 40.0) -> None:
        """Stops everything, children included; nothing is left.

        Args:
            patience: Seconds for an orderly end; then processes are killed.
        """
        # Also where somebody removed the data of a mesh that runs: its processes are found by their mark.
        self.layout.run_dir.mkdir(parents=True, exist_ok=True)
        with self._lock():
            session = self._supervisor.pid()
            before: list[Leftover] = []
            if session:
                # Listed now: once the supervisor is gone, nothing leads to a child without the mark.
                before = find_processes(self.layout.data_dir)
                self._supervisor.shut_down()
                until = time.monotonic() + patience
                while not self._supervisor.ended(session) and time.monotonic() < until:
                    time.sleep(0.1)
            killed = end_leftovers(self.layout.data_dir, also=before)
            for each in killed:
                self._say(f"killed what did not end: {each.pid} {each.command}")
            self.layout.socket.unlink(missing_ok=True)
            self.layout.mesh_file.unlink(missing_ok=True)
            self._say("down" if session or killed else "nothing runs")

    def examine(self) -> list[Finding]:
        """Asks every part how it is."""
        environment = self.layout.environment
        config = replace(ClientConfig.from_environment(environment), attempts=1, timeout=5.0)

        async def ask() -> list[Finding]:
            async with Client(config) as client:
                return await examine(client, environment)

        return asyncio.run(ask())

    def leftovers(self) -> list[str]:
        """Command lines of all processes of this mesh that run now."""
        return [f"{each.pid} {each.command}" for each in find_processes(self.layout.data_dir)]

    def _wait(self, patience: float) -> list[Finding]:
        until = time.monotonic() + patience
        troubled_since: dict[str, float] = {}
        waiting = ""
        while True:
            findings = self.examine()
            missing = [each for each in findings if each.verdict in {Verdict.NOT_READY, Verdict.STARTING}]
            blocking = [each for each in missing if each.needed or each.part in self._names]
            if not blocking and healthy(findings):
                return findings
            now = time.monotonic()
            troubled = self._troubled(troubled_since) | _refusing(findings)
            troubled_since = {part: troubled_since.get(part, now) for part in troubled}
            hopeless = [part for part, since in troubled_since.items() if now - since > _HOPELESS]
            if now > until or hopeless:
                silent = {each.part for each in missing} | set(hopeless)
                logs = [name for name in self._names if name in silent]
                raise NotReadyError("\n".join([*map(str, missing), *map(self._log_end, logs)]))
            names = ", ".join(each.part for each in blocking or missing)
            if names != waiting:
                self._say(f"waiting for {names}")
                waiting = names
            time.sleep(0.3)

    @property
    def _names(self) -> list[str]:
        return [each.name for each in self.layout.places]

    def _troubled(self, before: Collection[str]) -> set[str]:
        """Services whose processes do not stay up; one that tries again was in trouble before."""
        down = {"BACKOFF", "FATAL", "EXITED"}
        return {
            each.name
            for each in self.processes()
            if each.state in down or (each.state == "STARTING" and each.name in before)
        }

    def _log_end(self, name: str) -> str:
        log = self.layout.log_dir / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        # A service that cannot start says the same at every try: once is enough.
        told = [line for line, before in zip(lines, ["", *lines], strict=False) if line != before]
        return f"{name}: {log} ends:\n    " + "\n    ".join(told[-8:] or ["(nothing)"])

    def _settings_differ(self) -> bool:
        try:
            written = json.loads(self.layout.mesh_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return True
        return bool(written.get("environment") != self.layout.public_environment())

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One start or stop at a time."""
        path = self.layout.run_dir / "lock"
        with Path(path).open("w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _refusing(findings: list[Finding]) -> set[str]:
    """`models` where no model is ready and none is starting: waiting does not help."""
    models = [each for each in findings if each.part.startswith("models/")]
    return {"models"} if models and all(each.verdict is Verdict.NOT_READY for each in models) else set()
