"""The protocol that most servers share: OpenAI's `/v1/chat/completions` with server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from services.local_adapter.backends import bounded_stream, failures
from services.local_adapter.backends.dialect import Question, ServedModel
from services.local_adapter.backends.protocol import Delta, Ended

_TAKES_GRAMMAR = frozenset({"llamacpp"})
_GIVES_PROBABILITIES = frozenset({"llamacpp", "vllm"})


class OpenAiDialect:
    """Speaks with llama.cpp, vLLM, LM Studio and whatever else offers OpenAI's chat endpoint."""

    name = "openai"
    probe_path = "/v1/models"
    models_path = "/v1/models"
    ask_path = "/v1/chat/completions"
    media_types = frozenset({"text/event-stream"})

    def recognises(self, probed: dict[str, Any]) -> bool:
        """A list of models."""
        return isinstance(probed.get("data"), list)

    def models(self, listed: dict[str, Any]) -> list[ServedModel]:
        """Reads `/v1/models`: names, and what kind of server owns them."""
        entries = listed.get("data")
        found = []
        for entry in entries if isinstance(entries, list) else ():
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name:
                owner = str(entry.get("owned_by") or "").lower()
                found.append(
                    ServedModel(
                        name,
                        f"{owner or 'openai'}:{name.rpartition('/')[2]}",
                        takes_grammar=owner in _TAKES_GRAMMAR,
                        gives_probabilities=owner in _GIVES_PROBABILITIES,
                    )
                )
        return found

    def model(self, name: str) -> ServedModel:
        """A model that was not listed."""
        return ServedModel(name, f"openai:{name.rpartition('/')[2]}")

    def body(self, question: Question) -> dict[str, Any]:
        """Writes a chat request; what only some servers know is left out for those that may refuse it."""
        body: dict[str, Any] = {
            "model": question.model.name,
            "messages": [turn.as_dict() for turn in question.turns],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": question.temperature,
            "seed": question.seed,
            "max_tokens": question.max_tokens,
        }
        if question.model.takes_grammar and question.grammar:
            body["grammar"] = question.grammar
        if question.model.gives_probabilities:
            body["logprobs"] = True
            body["top_logprobs"] = 1
        return body

    def events(self, source: AsyncGenerator[bytes, None]) -> AsyncGenerator[dict[str, Any], None]:
        """Server-sent events."""
        return bounded_stream.server_sent(source)

    def reader(self) -> OpenAiReader:
        """Begins to read an answer."""
        return OpenAiReader()


class OpenAiReader:
    """Reads one answer of `/v1/chat/completions`."""

    def __init__(self) -> None:
        self._finish = ""
        self._pieces = 0
        self._usage: dict[str, Any] = {}

    def read(self, event: dict[str, Any]) -> Delta | None:
        """Returns the text of an event; the last ones bring the reason of the end and the usage."""
        if event.get("error"):
            raise failures.failed(
                f"the model server failed while it answered{failures.quote_error(event['error'])}"
            )
        if isinstance(usage := event.get("usage"), dict):
            self._usage = usage
        choices = event.get("choices") or []
        if not choices:
            return None
        choice = choices[0]
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta") or {}
        text = delta.get("content") or ""
        if not isinstance(text, str):
            raise TypeError("content")
        if not text and not delta.get("reasoning_content"):
            return None
        tokens = (choice.get("logprobs") or {}).get("content") or () if text else ()
        self._pieces += max(1, len(tokens))
        return Delta(text, max(1, len(tokens)), tuple(float(token["logprob"]) for token in tokens))

    def end(self) -> Ended | None:
        """The answer has ended once a reason for it was given; the usage may still follow."""
        if not self._finish:
            return None
        details = self._usage.get("prompt_tokens_details") or {}
        return Ended(
            input_tokens=int(self._usage.get("prompt_tokens") or 0),
            cached_input_tokens=int(details.get("cached_tokens") or 0),
            output_tokens=int(self._usage.get("completion_tokens") or self._pieces),
            cut=self._finish == "length",
        )
