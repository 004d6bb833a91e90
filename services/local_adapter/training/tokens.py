"""Token ids as the runtime makes them, so that what is trained is what will be served."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx


class Tokenizer:
    """The tokeniser of a GGUF file, by llama.cpp's own server on a loopback port.

    Args:
        model: The weights.
    """

    def __init__(self, model: Path) -> None:
        xllamacpp: Any = importlib.import_module("xllamacpp")  # compiled, without type information

        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx, params.n_parallel, params.n_gpu_layers = 256, 1, 0
        params.warmup = params.fit_params = params.ui = False
        params.verbosity = 0
        params.port = 0
        self._server = xllamacpp.Server(params)
        self._client = httpx.Client(base_url=self._server.listening_address, trust_env=False, timeout=30)

    def ids(self, text: str, *, special: bool = False) -> list[int]:
        """Returns the text's token ids; names of special tokens count as such only if `special`."""
        body = {"content": text, "add_special": False, "parse_special": special}
        answer = self._client.post("/tokenize", json=body)
        answer.raise_for_status()
        return [int(token) for token in answer.json()["tokens"]]

    def __enter__(self) -> Tokenizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        del self._server
