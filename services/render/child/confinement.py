"""What a child is allowed: limits, its own directory, and Typst without files and packages.

This is the weak sandbox: no network filter and no system call filter yet. The service says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import tempfile
from pathlib import Path
from typing import Any

from services.render.wire import Limits

__all__ = ["confine", "die_with_parent", "disarm_typst"]

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_DUMPABLE = 4


def die_with_parent(parent: int) -> None:
    """Ends this process when its parent ends.

    Args:
        parent: The parent's id; where it is gone already, this process ends at once.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def confine(directory: Path, limits: Limits) -> None:
    """Takes from this process what it does not need.

    Args:
        directory: Where it lives from now on.
        limits: What it may use.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    os.umask(0o077)
    os.chdir(directory)
    os.environ.update({"HOME": str(directory), "TMPDIR": str(directory), "XDG_CACHE_HOME": str(directory)})
    tempfile.tempdir = None
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    # The hard limit kills; the soft one, a second earlier, can still be told from other deaths.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def disarm_typst(directory: Path) -> None:
    """Gives Typst an empty root and no packages, whatever its input says.

    Formulas reach it as names and quoted strings only; this is the second wall.
    """
    import typst

    empty = directory / "empty"
    empty.mkdir(exist_ok=True)
    compile_unrestricted = typst.compile

    def compile_restricted(source: str, **options: Any) -> bytes:
        made = compile_unrestricted(
            Path(source).read_bytes(),
            root=str(empty),
            package_path=str(empty),
            package_cache_path=str(empty),
            format=options.get("format", "svg"),
            font_paths=options.get("font_paths", []),
        )
        if not isinstance(made, bytes):
            raise TypeError("a formula made several pages")
        return made

    typst.compile = compile_restricted  # type: ignore[assignment]
