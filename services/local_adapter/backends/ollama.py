"""Ollama's own protocol: `/api/chat` with newline-delimited JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from services.local_adapter.backends import bounded_stream, failures
from services.local_adapter.backends.dialect import Question, ServedModel
from services.local_adapter.backends.protocol import Delta, Ended


class OllamaDialect:
    """Speaks with Ollama 0.1.14 and later. It takes no GBNF grammar; probabilities come from 0.12.11 on."""

    name = "ollama"
    probe_path = "/api/version"
    models_path = "/api/tags"
    ask_path = "/api/chat"
    media_types = frozenset({"application/x-ndjson", "application/json"})

    def recognises(self, probed: dict[str, Any]) -> bool:
        """Ollama states its version."""
        return isinstance(probed.get("version"), str)

    def models(self, listed: dict[str, Any]) -> list[ServedModel]:
        """Reads `/api/tags`: names with their digests."""
        entries = listed.get("models")
        found = []
        for entry in entries if isinstance(entries, list) else ():
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str) and name:
                digest = entry.get("digest")
                mark = f"@{digest[:12]}" if isinstance(digest, str) and digest else ""
                found.append(ServedModel(name, f"ollama:{name}{mark}", gives_probabilities=True))
        return found

    def model(self, name: str) -> ServedModel:
        """A model that was not listed."""
        return ServedModel(name, f"ollama:{name}", gives_probabilities=True)

    def body(self, question: Question) -> dict[str, Any]:
        """Writes a chat request."""
        return {
            "model": question.model.name,
            "messages": [turn.as_dict() for turn in question.turns],
            "stream": True,
            "logprobs": question.model.gives_probabilities,
            "options": {
                "temperature": question.temperature,
                "seed": question.seed,
                "num_predict": question.max_tokens,
                # Its default cuts the beginning of a long prompt silently.
                "num_ctx": question.context_tokens,
            },
        }

    async def events(self, source: AsyncGenerator[bytes, None]) -> AsyncGenerator[dict[str, Any], None]:
        """One JSON object a line."""
        async with aclosing(source) as lines:
            async for line in lines:
                yield bounded_stream.json_object(line)

    def reader(self) -> OllamaReader:
        """Begins to read an answer."""
        return OllamaReader()


class OllamaReader:
    """Reads one answer of `/api/chat`."""

    def __init__(self) -> None:
        self._ended: Ended | None = None

    def read(self, event: dict[str, Any]) -> Delta | None:
        """Returns the text of an event; thoughts come in a field of their own and only count."""
        if "error" in event:
            raise failures.failed(f"Ollama failed while it answered{failures.quote_error(event['error'])}")
        message = event["message"]
        text = message.get("content") or ""
        if not isinstance(text, str):
            raise TypeError("content")
        if event.get("done"):
            self._ended = Ended(
                input_tokens=int(event.get("prompt_eval_count", 0)),
                cached_input_tokens=0,
                output_tokens=int(event.get("eval_count", 0)),
                cut=event.get("done_reason") == "length",
            )
        if not text and not message.get("thinking"):
            return None
        probabilities = event.get("logprobs") or () if text else ()
        return Delta(
            text, max(1, len(probabilities)), tuple(float(token["logprob"]) for token in probabilities)
        )

    def end(self) -> Ended | None:
        """The last event says `done`."""
        return self._ended
