"""The process that holds the model: llama.cpp's HTTP server on a random loopback port.

It is a process of its own so that a crash of native code costs one answer and not the service, and so that
loading and computing never touch the service's event loop. It imports neither gRPC nor the rest of the mesh.

The parent writes one JSON line (`LlamaChildOptions`) to standard input and keeps the pipe open; the child
answers with one JSON line on standard output, `{"address": "http://127.0.0.1:PORT"}`, and serves until the
pipe closes. So it cannot outlive its parent, whichever way that ends. The key travels in that line, never in
the arguments, which every user of the machine can read.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from typing import TypedDict

_PR_SET_PDEATHSIG = 1
_LOG_ERRORS = 1


class LlamaChildOptions(TypedDict):
    """What the parent says."""

    model: str
    """Path of the weights, GGUF."""
    adapter: str
    """Path of the LoRA adapter, GGUF; empty for none."""
    threads: int
    """Threads that compute."""
    slots: int
    """Answers at a time."""
    context_tokens: int
    """Prompt and answer together, for each slot."""
    key: str
    """Every request must carry it as bearer token: other users of the machine reach the port as well."""


def _die_with_parent() -> None:
    """Asks the kernel to end this process when its parent ends, even if it is busy in native code then."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Serves until standard input closes."""
    parent = os.getppid()
    _die_with_parent()
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    # Native code writes to standard output as well: the answer gets a descriptor of its own.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    options: LlamaChildOptions = json.loads(sys.stdin.buffer.readline())

    from xllamacpp import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options["model"]
    if options["adapter"]:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path = options["adapter"]
        adapter.scale = 1.0
        params.lora_adapters = [adapter]
    params.n_ctx = options["context_tokens"] * options["slots"]
    params.n_parallel = options["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options["threads"]
    params.n_gpu_layers = 0
    params.fit_params = False  # it would measure free memory for a model that needs 200 MB
    params.cache_ram_mib = 0
    params.ui = False
    params.endpoint_metrics = False
    params.api_keys = [options["key"]]
    params.n_threads_http = options["slots"] + 3  # health and slots answer while every slot streams
    params.port = 0
    params.verbosity = _LOG_ERRORS
    server = xllamacpp.Server(params)
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.flush()
    with contextlib.suppress(KeyboardInterrupt):
        while sys.stdin.buffer.read(4096):
            pass
    # Unwinding the server waits for its slots: whoever closed the pipe does not want their answers.
    os._exit(0)


if __name__ == "__main__":
    main()
