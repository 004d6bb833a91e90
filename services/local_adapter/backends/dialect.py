"""What a kind of model server speaks: how it is recognised, what it serves, how it is asked and read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from services.local_adapter.backends.protocol import Delta, Ended


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str

    def as_dict(self) -> dict[str, str]:
        """The form that every dialect has."""
        return {"role": self.role, "content": self.text}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of a server."""

    name: str
    version: str
    """Names the weights as exactly as the server does: `ollama:llama3.2:latest@a80c4f17acd5`."""
    takes_grammar: bool = False
    """Whether the server lets a GBNF grammar constrain the answer."""
    gives_probabilities: bool = False
    """Whether it may be asked for the tokens' probabilities."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a server is asked."""

    model: ServedModel
    turns: tuple[Turn, ...]
    temperature: float
    seed: int
    max_tokens: int
    context_tokens: int
    grammar: str
    """GBNF; used where the server takes one."""


class AnswerReader(Protocol):
    """Reads the events of one answer."""

    def read(self, event: dict[str, Any]) -> Delta | None:
        """Returns the text that an event brings, if any.

        Raises:
            MeshError: The event reports a failure.
            KeyError, TypeError, ValueError, IndexError: The event is not one of this dialect.
        """

    def end(self) -> Ended | None:
        """Returns how the answer ended; None while it has not."""


class Dialect(Protocol):
    """One kind of model server."""

    name: str
    """`ollama` or `openai`."""
    probe_path: str
    """A GET that only this kind answers with JSON."""
    models_path: str
    """A GET that lists the models."""
    ask_path: str
    """The POST that streams an answer."""
    media_types: frozenset[str]
    """What a stream may call itself."""

    def recognises(self, probed: dict[str, Any]) -> bool:
        """Whether the answer to `probe_path` is one of this kind."""

    def models(self, listed: dict[str, Any]) -> list[ServedModel]:
        """Reads the answer to `models_path`; entries that make no sense are left out."""

    def model(self, name: str) -> ServedModel:
        """A model that the server does not list, though it may know it."""

    def body(self, question: Question) -> dict[str, Any]:
        """Writes the body for `ask_path`."""

    def events(self, source: AsyncGenerator[bytes, None]) -> AsyncGenerator[dict[str, Any], None]:
        """Splits a stream of lines into events."""

    def reader(self) -> AnswerReader:
        """Begins to read an answer."""
