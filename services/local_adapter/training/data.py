"""Writes the training data: examples as token ids, one JSON object a line, and what identifies them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..prompting import END_OF_ANSWER, local_prompt
from .examples import Example, fold, generate
from .tokens import Tokenizer

_PROMPTS = Path(__file__).resolve().parents[3] / "evals" / "prompts"


@dataclass(frozen=True)
class Amounts:
    """How many examples, of which seed."""

    train: int
    validation: int
    seed: int
    contrasting: bool = False
    """Whether the families of the second stage are among them."""


@dataclass(frozen=True)
class DataSummary:
    """What was written."""

    fingerprint: str
    families: dict[str, int]
    validation: int
    longest_target_tokens: int
    mean_target_tokens: float


def examples_of(amounts: Amounts) -> tuple[list[Example], list[Example]]:
    """Returns the examples to train on and those to check with; no evaluation prompt is among either.

    A short evaluation prompt can come out of the generator by chance: it is left out.
    """
    evaluation = frozenset(map(fold, evaluation_prompts()))
    train = generate(amounts.train, amounts.seed, contrasting=amounts.contrasting, exclude=evaluation)
    known = evaluation | {fold(example.prompt) for example in train}
    checks = generate(
        amounts.validation, amounts.seed, contrasting=amounts.contrasting, validating=True, exclude=known
    )
    return train, checks


def evaluation_prompts() -> list[str]:
    """Returns every evaluation prompt, to be compared and not to be shown."""
    lines = [
        line for path in sorted(_PROMPTS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]
    return [json.loads(line)["prompt"] for line in lines]


def fingerprint(train: list[Example], checks: list[Example]) -> str:
    """Returns the SHA-256 of all prompts and storyboards in order."""
    digest = hashlib.sha256()
    for example in (*train, *checks):
        digest.update(f"{example.prompt}\0{example.storyboard}\0".encode())
    return digest.hexdigest()


def write_data(path: Path, base: Path, amounts: Amounts) -> DataSummary:
    """Generates, tokenises and writes the examples.

    Args:
        path: Where to.
        base: The weights, for their tokeniser.
        amounts: How many.
    """
    train, checks = examples_of(amounts)
    longest, total = 0, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with Tokenizer(base) as tokenizer, path.open("w", encoding="utf-8") as file:
        end = tokenizer.ids(END_OF_ANSWER, special=True)
        for validation, examples in ((False, train), (True, checks)):
            for example in examples:
                target = tokenizer.ids(example.storyboard) + end
                longest, total = max(longest, len(target)), total + len(target)
                row = {
                    "prompt": tokenizer.ids(local_prompt(example.prompt)),
                    "target": target,
                    "validation": validation,
                }
                file.write(json.dumps(row) + "\n")
    return DataSummary(
        fingerprint=fingerprint(train, checks),
        families=dict(sorted(Counter(e.family for e in train).items())),
        validation=len(checks),
        longest_target_tokens=longest,
        mean_target_tokens=round(total / (len(train) + len(checks)), 1),
    )
