"""The printed source, run by the plain `manim` command, gives the same frames."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

_SCENES = {
    "shapes": (
        "a = circle red fill=blue fill_opacity=0.5\nb = star 5 gold scale=0.8 rotate=20deg\nv = arrow a b\n"
        "g = group a b arrange=right gap=2\ncreate g 0.5s\ngrow v 0.3s\ntogether:\n  shift a up 0.4s\n"
        "  rotate a 90deg 0.4s\nindicate b red 0.4s\ncolor a green 0.2s\nfade_out all shift=down 0.3s"
    ),
    "words": (
        'canvas 1:1 background=white\nt = text "Hello, `world` \\\\n" edge=top size=36\n'
        'm = math "\\frac{a^2}{b} \\text{if } x\\in\\mathbb{R}" blue\nwrite t 0.5s\nwrite m 0.5s\n'
        "replace t m 0.4s"
    ),
    "graphs": (
        'ax = axes x=[0,4] numbers labels=["x","y"]\nf = plot ax sqrt(x)\nd = dot at=ax(1,f(1)) yellow\n'
        "add ax\ncreate f 0.4s\nmove d along=f 0.5s linear\nwait 0.2s"
    ),
}


def _run(*command: str, folder: Path) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", _SCENES)
def test_plain_manim_paints_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / "scene.story").write_text(_SCENES[name])
    ours = _run(
        sys.executable, "-m", "tests.support.render_frames", "scene.story", str(tmp_path), folder=tmp_path
    ).split()
    manim = str(Path(sys.executable).parent / "manim")
    plain = ("-ql", "--format=png-sequence", "--disable_caching", "--progress_bar=none")
    _run(manim, "render", *plain, "scene.py", ours[0], folder=tmp_path)
    pictures = sorted((tmp_path / "media" / "images" / "scene").rglob("*.png"))
    theirs = [hashlib.sha256(np.asarray(Image.open(path)).tobytes()).hexdigest() for path in pictures]
    assert len(theirs) >= 15
    assert theirs == ours[1:]
