"""The directory that one process of render works in: private, gone at the end, and found when it was not."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["WorkDirectory"]

_PREFIX = "animathic-render-"
_LOCK = "lock"


class WorkDirectory:
    """A directory that this process holds a lock on.

    A process that is killed leaves its directory behind, without the lock: the next one removes it.

    Args:
        parent: Where it is made; the system's temporary files where it is None.
    """

    def __init__(self, parent: Path | None) -> None:
        home = parent or Path(tempfile.gettempdir())
        home.mkdir(parents=True, exist_ok=True)
        for other in home.glob(f"{_PREFIX}*"):
            _remove_if_left(other)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home)).resolve()
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Removes it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_left(path: Path) -> None:
    """Removes a directory whose lock nobody holds."""
    try:
        lock = os.open(path / _LOCK, os.O_RDWR)
    except OSError:
        # It is being made just now, or is not ours.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)
