"""Writes the training data: examples as token ids, one JSON object a line, and what identifies them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..prompting import END_OF_ANSWER, local_prompt
from .examples import generate
from .tokens import Tokenizer


@dataclass(frozen=True)
class Amounts:
    """How many examples, of which seed."""

    train: int
    validation: int
    seed: int


@dataclass(frozen=True)
class DataSummary:
    """What was written."""

    fingerprint: str
    """SHA-256 of all prompts and storyboards in order."""
    families: dict[str, int]
    validation: int
    longest_target_tokens: int
    mean_target_tokens: float


def write_data(path: Path, base: Path, amounts: Amounts) -> DataSummary:
    """Generates, tokenises and writes the examples.

    Args:
        path: Where to.
        base: The weights, for their tokeniser.
        amounts: How many.
    """
    train = generate(amounts.train, amounts.seed)
    prompts = {example.prompt for example in train}
    checks = [
        e for e in generate(amounts.validation, amounts.seed, validating=True) if e.prompt not in prompts
    ]
    digest = hashlib.sha256()
    longest, total = 0, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with Tokenizer(base) as tokenizer, path.open("w", encoding="utf-8") as file:
        end = tokenizer.ids(END_OF_ANSWER, special=True)
        for validation, examples in ((False, train), (True, checks)):
            for example in examples:
                digest.update(f"{example.prompt}\0{example.storyboard}\0".encode())
                target = tokenizer.ids(example.storyboard) + end
                longest, total = max(longest, len(target)), total + len(target)
                row = {
                    "prompt": tokenizer.ids(local_prompt(example.prompt)),
                    "target": target,
                    "validation": validation,
                }
                file.write(json.dumps(row) + "\n")
    return DataSummary(
        fingerprint=digest.hexdigest(),
        families=dict(sorted(Counter(e.family for e in train).items())),
        validation=len(checks),
        longest_target_tokens=longest,
        mean_target_tokens=round(total / (len(train) + len(checks)), 1),
    )
