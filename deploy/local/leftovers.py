"""Processes of a mesh that are still there after its supervisor has gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.layout import MARK

__all__ = ["Leftover", "end_leftovers", "find_processes"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process of the mesh.

    Attributes:
        pid: Its id.
        command: Its command line, shortened.
    """

    pid: int
    command: str


def find_processes(data_dir: Path) -> list[Leftover]:
    """All processes of a mesh: those that carry its mark, and those that its services started.

    Args:
        data_dir: The mesh's data directory; its supervisor and services carry the path in their environment.
            Their children may have dropped it, but are in the same session, which the supervisor began.
    """
    mark = f"{MARK}={data_dir}".encode()
    # Never the session of the terminal that asks.
    strange = os.getsid(0)
    seen = [each for each in map(_look, _process_ids()) if each is not None]
    marked = {each.pid for each in seen if mark in each.environment}
    sessions = {each.session for each in seen if each.pid in marked and each.of_mesh} - {strange}
    return [
        Leftover(each.pid, each.command[:100])
        for each in seen
        if each.pid != os.getpid() and (each.pid in marked or each.session in sessions)
    ]


@dataclass(frozen=True, slots=True)
class _Seen:
    pid: int
    session: int
    command: str
    environment: frozenset[bytes]

    @property
    def of_mesh(self) -> bool:
        return "supervisor.supervisord" in self.command or " -m services." in self.command


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _look(pid: int) -> _Seen | None:
    """What can be seen of a process; none where it ended, is a zombie, or is somebody else's."""
    entry = Path("/proc", str(pid))
    try:
        environment = frozenset((entry / "environ").read_bytes().split(b"\0"))
        # After the command in parentheses: state, parent, group, session.
        fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return None if fields[0] == "Z" else _Seen(pid, int(fields[3]), command, environment)


def end_leftovers(data_dir: Path, *, also: Iterable[Leftover] = (), patience: float = 5.0) -> list[Leftover]:
    """Kills what is left of a mesh and waits until it is gone.

    Args:
        data_dir: The mesh's data directory.
        also: Processes of it seen earlier; those that still run are killed as well.
        patience: Seconds to wait.

    Returns:
        What was killed.
    """
    # All found before the first is killed: the children of the dead are found by the living.
    found = {each.pid: each for each in (*_still_running(also), *find_processes(data_dir))}
    killed = list(found.values())
    for each in killed:
        try:
            os.kill(each.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    until = time.monotonic() + patience
    while _still_running(killed) and time.monotonic() < until:
        time.sleep(0.05)
    return killed


def _still_running(processes: Iterable[Leftover]) -> list[Leftover]:
    """Those that still run under the same command: a process id can be given to another."""
    running = []
    for each in processes:
        seen = _look(each.pid)
        if seen is not None and seen.command[:100] == each.command:
            running.append(each)
    return running
