"""A LoRA adapter for SmolLM2-135M that really loads and really changes the answer, in a few kilobytes."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from pathlib import Path
from typing import Any

_WIDTH = 576  # of the model's hidden state
_RANK = 2
_ALIGNMENT = 32
_F32 = 0


def write_tiny_lora(folder: Path, **manifest: Any) -> Path:
    """Writes `adapter.gguf` and its `manifest.json`; further fields go to the manifest."""
    rng = random.Random(7)
    # For a weight of ne = [in, out], llama.cpp wants a of [in, rank] and b of [rank, out].
    tensors = [
        ("blk.0.attn_q.weight.lora_a", (_WIDTH, _RANK)),
        ("blk.0.attn_q.weight.lora_b", (_RANK, _WIDTH)),
    ]
    metadata = [
        ("general.architecture", _string("llama")),
        ("general.type", _string("adapter")),
        ("adapter.type", _string("lora")),
        ("adapter.lora.alpha", struct.pack("<If", 6, 64.0)),
    ]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata:
        header += _text(key) + value
    body = b""
    for name, shape in tensors:
        header += _text(name) + struct.pack("<IQQIQ", len(shape), *shape, _F32, len(body))
        count = shape[0] * shape[1]
        body += _padded(struct.pack(f"<{count}f", *(rng.uniform(-1, 1) for _ in range(count))))
    data = _padded(header) + body
    file = folder / "adapter.gguf"
    file.write_bytes(data)
    described = {"sha256": hashlib.sha256(data).hexdigest(), **manifest}
    (folder / "manifest.json").write_text(json.dumps(described))
    return file


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _string(text: str) -> bytes:
    return struct.pack("<I", 8) + _text(text)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)
