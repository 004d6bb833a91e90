"""The training environment: its own folder, made by plain pip, because torch does not belong in the lock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .recipe import CONVERTER, REQUIREMENTS


def python_of(folder: Path) -> Path:
    """Returns the environment's interpreter, making the environment if it is not there or is out of date."""
    python = folder / "bin" / "python"
    stamp = folder / "requirements.stamp"
    wanted = REQUIREMENTS.read_text(encoding="utf-8") + CONVERTER
    if python.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    _run([*pip, "-r", str(REQUIREMENTS)])
    _run([*pip, "--no-deps", CONVERTER])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def run_in(python: Path, script: Path, arguments: list[str]) -> None:
    """Runs a script of the training environment, quietly in the background of the machine.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    # Threads that spin while they wait take the cores from everybody else.
    environment |= {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0", "TOKENIZERS_PARALLELISM": "false"}
    _run(["nice", "-n", "5", str(python), "-u", str(script), *arguments], environment)


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own scripts and pip
