"""A real llama.cpp HTTP server with the base weights, for tests that need somebody else's server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.local_adapter.model_files import find_base


@dataclass(frozen=True)
class LlamaServer:
    """Where it is reached."""

    url: str
    key: str


@contextmanager
def llama_server(*, slots: int = 2, context_tokens: int = 2048) -> Iterator[LlamaServer]:
    """Runs one for the length of the context; it speaks `/completion` and OpenAI's endpoints."""
    options = {
        "model": str(find_base()),
        "adapter": "",
        "threads": 1,
        "slots": slots,
        "context_tokens": context_tokens,
        "key": "the-servers-own-key",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "services.local_adapter.llama_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(options).encode() + b"\n")
        process.stdin.flush()
        yield LlamaServer(json.loads(process.stdout.readline())["address"], str(options["key"]))
        process.stdin.close()
