"""What a render leaves behind, and under which keys."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from animathic.v1 import animation_pb2, quality_pb2, scene_pb2
from services.render.compiler.frame import frame_for

__all__ = ["File", "Result", "file_key", "job_key", "renderer_version"]

_LIBRARIES = ("manim", "typst", "av", "numpy", "pillow", "manimpango", "pycairo")
_CODE = ("compiler", "child", "latex")


@dataclass(frozen=True, slots=True)
class File:
    """A stored file.

    Attributes:
        key: Its key in the store.
        sha256: The digest of its bytes, hexadecimal.
        size: Bytes.
    """

    key: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Result:
    """A finished render.

    Attributes:
        video: The video.
        preview: The still picture.
        width: Pixels.
        height: Pixels.
        frame_rate: Frames a second.
        frames: How many.
        blank: Whether nothing is ever seen.
        changes: How many frames differ from the one before.
        notes: What the compiler adjusted.
    """

    video: File
    preview: File
    width: int
    height: int
    frame_rate: int
    frames: int
    blank: bool
    changes: int
    notes: tuple[quality_pb2.SceneIssue, ...]

    def to_json(self) -> bytes:
        """As stored beside the video."""
        plain = {
            name: getattr(self, name)
            for name in ("width", "height", "frame_rate", "frames", "blank", "changes")
        }
        files = {
            name: {"key": file.key, "sha256": file.sha256, "size": file.size}
            for name, file in (("video", self.video), ("preview", self.preview))
        }
        notes = [json_format.MessageToDict(note) for note in self.notes]
        return json.dumps({"version": 1, **plain, **files, "notes": notes}, sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Result:
        """From what is stored.

        Raises:
            ValueError: It was stored by something else.
        """
        try:
            data = json.loads(text)
            if data.pop("version") != 1:
                raise ValueError("an unknown version")
            video, preview = File(**data.pop("video")), File(**data.pop("preview"))
            notes = tuple(json_format.ParseDict(note, quality_pb2.SceneIssue()) for note in data.pop("notes"))
            return cls(video=video, preview=preview, notes=notes, **data)
        except (KeyError, TypeError, json_format.ParseError) as error:
            raise ValueError(f"not a result: {error}") from error


def file_key(kind: str, unit: str) -> str:
    """The key of a file.

    Args:
        kind: `videos`, `previews` or `results`.
        unit: The job's key, or the key of an early picture.
    """
    suffix = {"videos": "mp4", "previews": "png", "results": "json"}[kind]
    folder = "videos" if kind == "results" else kind
    return f"{folder}/{unit[:2]}/{unit}.{suffix}"


def job_key(scene: scene_pb2.Scene, options: animation_pb2.AnimationOptions, renderer: str) -> str:
    """The name of all that a scene, its options and a renderer determine together.

    The title, the model and the priority do not show in the video; a default that is written out is the same
    as one that is not.
    """
    seen = scene_pb2.Scene()
    seen.CopyFrom(scene)
    seen.ClearField("title")
    frame = frame_for(scene.canvas, options)
    facts = [
        renderer,
        "mp4",
        f"{frame.pixel_width}x{frame.pixel_height}@{frame.frame_rate}",
        str(frame.width),
    ]
    digest = hashlib.sha256("\n".join(facts).encode() + b"\0")
    digest.update(seen.SerializeToString(deterministic=True))
    return digest.hexdigest()


def renderer_version(versions: Mapping[str, str] | None = None) -> str:
    """Changes whenever the same scene could give other frames: the libraries' versions and our own code."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for folder in _CODE:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    known = versions or {name: importlib.metadata.version(name) for name in _LIBRARIES}
    libraries = " ".join(f"{name}-{known[name]}" for name in sorted(known))
    return f"{libraries} {digest.hexdigest()[:16]}"


def as_video(result: Result) -> animation_pb2.Video:
    """The video as callers see it; its address is left to them."""
    video = animation_pb2.Video(
        width=result.width,
        height=result.height,
        frame_rate=result.frame_rate,
        frame_count=result.frames,
    )
    video.artifact.key, video.artifact.sha256 = result.video.key, result.video.sha256
    video.artifact.size_bytes, video.artifact.content_type = result.video.size, "video/mp4"
    video.duration.FromNanoseconds(round(result.frames / result.frame_rate * 1e9))
    return video


def as_image(file: File, width: int, height: int) -> animation_pb2.Image:
    """A still picture as callers see it."""
    image = animation_pb2.Image(width=width, height=height)
    image.artifact.key, image.artifact.sha256 = file.key, file.sha256
    image.artifact.size_bytes, image.artifact.content_type = file.size, "image/png"
    return image


def content_type(key: str) -> str:
    """The media type of an artifact by its key."""
    return "video/mp4" if key.endswith(".mp4") else "image/png"


def facts_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a child said of its frames, as fields of a `Result`."""
    return {name: data[name] for name in ("width", "height", "frame_rate", "frames", "blank", "changes")}
