"""A fork server whose children misbehave as the scene's title says."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import services.render.child.work as work
from animathic.v1 import scene_pb2
from services.render import zygote

_do = work._do


def _misbehave(job: Any, *rest: Any) -> None:
    title = scene_pb2.Scene.FromString(job.scene).title
    match title:
        case "sleep":
            time.sleep(600)
        case "spin":
            while True:
                pass
        case "memory":
            kept = []
            while True:
                kept.append(bytearray(64 * 1024 * 1024))
        case "file":
            with open("large", "wb") as file:  # noqa: PTH123
                while True:
                    file.write(bytes(1024 * 1024))
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "raise":
            raise RuntimeError("a defect")
        case "family":
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(600)
        case _:
            _do(job, *rest)


work._do = _misbehave

if __name__ == "__main__":
    sys.exit(zygote.main())
