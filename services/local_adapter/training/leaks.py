"""Whether an evaluation prompt is among the training prompts, and how near the nearest ones come.

python -m services.local_adapter.training.leaks
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median

from .data import evaluation_prompts, examples_of
from .examples import fold
from .recipe import RECIPE


@dataclass(frozen=True)
class Leaks:
    """What a comparison found. Distances are shares of differing characters, 0 for equal."""

    equal: int
    """Evaluation prompts that are training prompts, after folding."""
    nearest: float
    median: float
    below_tenth: int
    """Evaluation prompts with a training prompt closer than 0.1."""


def _grams(text: str) -> set[str]:
    return {text[i : i + 4] for i in range(len(text) - 3)}


def compare(evaluation: Iterable[str], training: Iterable[str], candidates: int = 12) -> Leaks:
    """Compares prompts with prompts; of each, only those that share the most with it are measured exactly."""
    trained = sorted({fold(p) for p in training})
    index: dict[str, list[int]] = defaultdict(list)
    for number, prompt in enumerate(trained):
        for gram in _grams(prompt):
            index[gram].append(number)
    known = set(trained)
    equal, distances = 0, []
    for prompt in evaluation:
        folded = fold(prompt)
        if folded in known:
            equal += 1
            distances.append(0.0)
            continue
        shared: dict[int, int] = defaultdict(int)
        for gram in _grams(folded):
            for number in index.get(gram, ()):
                shared[number] += 1
        # Long prompts share a lot with everything: weigh by length.
        best = sorted(shared, key=lambda n: -shared[n] / (len(trained[n]) + len(folded)))[:candidates]
        ratios = (SequenceMatcher(None, folded, trained[n], autojunk=False).ratio() for n in best)
        distances.append(1 - max(ratios, default=0.0))
    return Leaks(
        equal, round(min(distances), 4), round(median(distances), 4), sum(d < 0.1 for d in distances)
    )


def main() -> int:
    """Prints the comparison; fails if an evaluation prompt is among the training prompts."""
    trained = [e.prompt for stage in RECIPE.stages for e in examples_of(stage.amounts)[0]]
    found = compare(evaluation_prompts(), trained)
    print(found)
    return 1 if found.equal else 0


if __name__ == "__main__":
    sys.exit(main())
