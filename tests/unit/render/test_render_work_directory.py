"""Directories that a killed process left behind are removed, those in use are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services.render.work_directory import WorkDirectory

_KILLED = """
import os, sys
from pathlib import Path
from services.render.work_directory import WorkDirectory
made = WorkDirectory(Path(sys.argv[1]))
(made.path / "job").mkdir()
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    foreign = tmp_path / "animathic-render-by-somebody-else"
    foreign.mkdir()
    alive = WorkDirectory(tmp_path)
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 3
    second = WorkDirectory(tmp_path)
    assert set(tmp_path.iterdir()) == {foreign, alive.path, second.path}
    alive.remove()
    second.remove()
    assert set(tmp_path.iterdir()) == {foreign}
