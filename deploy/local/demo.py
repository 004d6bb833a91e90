"""The demo: one prompt through the public door of the whole mesh."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.layout import MARK
from deploy.local.mesh import LocalMesh

__all__ = ["make_demo"]


def make_demo(mesh: LocalMesh, prompt: str, output: Path | None, say: Callable[[str], None]) -> int:
    """Makes a video with the `animathic` command; brings the mesh up for it if need be.

    Args:
        mesh: The mesh; one that ran before is left running.
        prompt: What to show.
        output: The video; none takes a new file under the mesh's data directory.
        say: Takes a line for the person who waits.

    Returns:
        The exit code of the command.

    Raises:
        NotReadyError: The mesh did not become ready.
    """
    borrowed = mesh.running
    path = output or _new_file(mesh.layout.data_dir / "demo", prompt)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mesh.up()
        say(f'prompt: "{prompt}"')
        return _generate(mesh, prompt, path)
    finally:
        if not borrowed:
            say("stopping the mesh (`make up` keeps one running)")
            mesh.down()


def _generate(mesh: LocalMesh, prompt: str, path: Path) -> int:
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-m", "animathic.cli", "generate", "--output", str(path), "--", prompt],
        # Without the mark: the command is ours, not a process of the mesh.
        env={key: value for key, value in mesh.layout.environment.items() if key != MARK},
    )
    # Ctrl-C reaches the command as well: it cancels the animation and ends, and then so do we.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _new_file(directory: Path, prompt: str) -> Path:
    words = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:48].rstrip("-") or "demo"
    return directory / f"{words}-{time.strftime('%Y%m%d-%H%M%S')}.mp4"
