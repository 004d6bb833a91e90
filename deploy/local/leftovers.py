"""Processes of a mesh that are still there after its supervisor has gone."""

from __future__ import annotations

import os
import signal
import time
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


def find_processes(data_dir: Path, *, session: int = 0) -> list[Leftover]:
    """All processes that carry the mesh's mark, or belong to its supervisor's session.

    Args:
        data_dir: The mesh's data directory; every process of it carries the path in its environment.
        session: The supervisor's process id, for children that dropped their environment; 0 for none.
    """
    mark = f"{MARK}={data_dir}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            marked = mark in (entry / "environ").read_bytes().split(b"\0")
            # After the command in parentheses: state, parent, group, session.
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is somebody else's
        if fields[0] != "Z" and (marked or (session and int(fields[3]) == session)):
            found.append(Leftover(int(entry.name), command.strip()[:100]))
    return found


def end_leftovers(data_dir: Path, *, session: int = 0, patience: float = 5.0) -> list[Leftover]:
    """Kills what is left of a mesh and waits until it is gone.

    Args:
        data_dir: The mesh's data directory.
        session: The supervisor's process id, if known.
        patience: Seconds to wait.

    Returns:
        What was killed.
    """
    killed = find_processes(data_dir, session=session)
    for each in killed:
        try:
            os.kill(each.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    until = time.monotonic() + patience
    while find_processes(data_dir, session=session) and time.monotonic() < until:
        time.sleep(0.05)
    return killed
