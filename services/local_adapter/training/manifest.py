"""The manifest beside the adapter: what it is, what it was made of, and how well it does."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from .data import DataSummary
from .recipe import Recipe

# What the generator teaches; the rest of the language is left to larger models.
ELEMENT_KINDS = (
    "circle", "square", "rectangle", "ellipse", "triangle", "regular_polygon", "star", "dot", "line", "arrow",
    "text", "math", "axes", "plot", "number_line",
)  # fmt: skip
ACTION_KINDS = (
    "create", "uncreate", "write", "fade_in", "fade_out", "grow", "transform", "move", "shift", "rotate",
    "scale", "color", "indicate", "wait", "together", "lag",
)  # fmt: skip


def sha256(path: Path) -> str:
    """Returns the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    path: Path,
    adapter: Path,
    base: Path,
    recipe: Recipe,
    data: list[DataSummary],
    metrics: list[dict[str, Any]],
) -> None:
    """Writes the manifest that serving checks and people read."""
    manifest = {
        "format": 1,
        "file": adapter.name,
        "sha256": sha256(adapter),
        "bytes": adapter.stat().st_size,
        "base": base.name,
        "base_sha256": sha256(base),
        "base_license": "Apache-2.0",
        "edits": False,
        "element_kinds": ELEMENT_KINDS,
        "action_kinds": ACTION_KINDS,
        "recipe": dataclasses.asdict(recipe),
        "data": [dataclasses.asdict(part) for part in data],
        "metrics": metrics,
    }
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def add_evaluation(path: Path, summary: dict[str, Any]) -> None:
    """Adds the figures of the evaluation to the manifest."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["evaluation"] = summary
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
