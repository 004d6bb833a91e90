"""The whole life of a child: reads its job, does it, says how it went."""

from __future__ import annotations

import errno
import faulthandler
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from animathic.v1 import animation_pb2, render_service_pb2, scene_pb2
from services.render.child.confinement import confine, disarm_typst
from services.render.child.film import Film
from services.render.child.painting import background_of, configure, paint, walk_only
from services.render.compiler.compile import Compiled, source_of
from services.render.compiler.frame import Frame, frame_for
from services.render.compiler.issues import Unrenderable, too_deep
from services.render.compiler.plan import estimate_frames, steps_frames
from services.render.compiler.registry import Registry
from services.render.wire import Job, ProtocolError, pack, receive_message

__all__ = ["live"]

_OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.ENOMEM, errno.EMFILE})

_RECURSION = 3_000
"""Python's own limit is too low for what the language allows; the stack has room for this."""


def live(channel: socket.socket, registry: Registry) -> int:
    """Does one job.

    Args:
        channel: To the service.
        registry: The compiler's rooms.

    Returns:
        The exit code: 0 also where the scene was at fault.
    """
    message = receive_message(channel)
    if message is None:
        return 0
    job = Job.unpack(*message)
    directory = Path(job.directory)
    confine(directory, job.limits)
    _keep_words(directory)
    disarm_typst(directory)
    sys.setrecursionlimit(_RECURSION)
    try:
        _do(job, directory, _Voice(channel), registry)
    except Unrenderable as error:
        channel.sendall(_unrenderable(error))
    except RecursionError:
        # Not while an element was made or a step was played: where it was is not known.
        channel.sendall(_unrenderable(too_deep("")))
    except MemoryError:
        channel.sendall(pack({"event": "resources", "what": "memory"}))
    except OSError as error:
        if error.errno not in _OUT_OF_SPACE:
            raise
        channel.sendall(pack({"event": "resources", "what": "space"}))
    except ProtocolError:
        raise
    except Exception as error:  # noqa: BLE001 (the last thing a child does is say why)
        lines = traceback.format_exception(error)
        channel.sendall(
            pack(
                {
                    "event": "failed",
                    "error": f"{type(error).__name__}: {error}"[:2000],
                    "trace": "".join(lines)[-8000:],
                }
            )
        )
    return 0


def _unrenderable(error: Unrenderable) -> bytes:
    issues = render_service_pb2.CheckSceneResponse(issues=error.issues)
    return pack({"event": "unrenderable"}, issues.SerializeToString())


def _keep_words(directory: Path) -> None:
    """Sends what libraries print into a file beside the results; the service reads it after a crash."""
    log = os.open(directory / "child.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(null)
    faulthandler.enable()


class _Voice:
    """Tells the service how it goes. A service that is gone ends the child."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def say(self, event: str, blob: bytes = b"", **facts: Any) -> None:
        try:
            self._channel.sendall(pack({"event": event, **facts}, blob))
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)


def _do(job: Job, directory: Path, voice: _Voice, registry: Registry) -> None:
    scene = scene_pb2.Scene.FromString(job.scene)
    frame = frame_for(scene.canvas, animation_pb2.AnimationOptions.FromString(job.options))
    configure(frame, directory)
    if job.task == "compile":
        compiled = walk_only(scene, frame, registry)
        source, name = source_of(scene, frame, compiled)
        voice.say("compiled", _notes(compiled), source=source, class_name=name)
        return
    _render(scene, frame, directory, voice, registry)


def _render(scene: scene_pb2.Scene, frame: Frame, directory: Path, voice: _Voice, registry: Registry) -> None:
    expected = estimate_frames(scene, frame.frame_rate)
    voice.say("started", frames_total=expected)
    film = Film(
        frame,
        background_of(scene),
        directory / "video.mp4",
        directory / "preview.png",
        expected,
        tell=lambda done, total: voice.say("progress", frames_done=done, frames_total=total),
        show=lambda path: voice.say("preview", path=path.name),
    )

    def before(index: int) -> None:
        # What came before is known; only what is still to come is an estimate.
        before_it = scene_pb2.Scene(elements=scene.elements, steps=scene.steps[:index])
        film.expect(film.frames + expected - steps_frames(before_it, frame.frame_rate))

    compiled = paint(scene, frame, registry, film, before)
    facts = film.close()
    voice.say(
        "done",
        _notes(compiled),
        frames=facts.frames,
        blank=facts.blank,
        blank_share=facts.blank_share,
        changes=facts.changes,
        width=frame.pixel_width,
        height=frame.pixel_height,
        frame_rate=frame.frame_rate,
    )


def _notes(compiled: Compiled) -> bytes:
    return render_service_pb2.CheckSceneResponse(issues=compiled.notes).SerializeToString()
