# ruff: noqa: E501 - lists of wordings read better in long lines
"""Makes examples: prompts in many wordings, each with the storyboard it means. Seeded and deterministic.

The wordings are written from the language's vocabulary, never from the evaluation prompts; `leaks.py` checks that
no evaluation prompt is among them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random

from animathic.scene import SceneError, parse, print_scene, validate

from ...prompting import DECLINE_WORD, one_line
from . import contrasts, shapes, stories, words
from . import declines as _declines
from .delivery import deliver
from .formulas import SPOKEN
from .wording import Speaker

__all__ = ["CONTRASTS", "FAMILIES", "Example", "canonical", "fold", "generate"]

# Family -> (maker, share, how often a polite word is added).
FAMILIES: dict[str, tuple[Callable[[Random], tuple[str, str]], float, float]] = {
    "objects": (shapes.objects, 5, 0.14),
    "colours": (shapes.colours, 9, 0.1),
    "counts": (shapes.counts, 10, 0.1),
    "layout": (shapes.layout, 10, 0.12),
    "labelled": (shapes.labelled, 3, 0.12),
    "nouns": (shapes.bare_nouns, 1.0, 0),
    "text": (words.text, 8, 0.12),
    "maths": (words.maths, 8, 0.12),
    "plots": (words.plots, 10, 0.12),
    "transforms": (stories.transforms, 9, 0.12),
    "word_swaps": (stories.word_swaps, 1.2, 0.12),
    "motion": (stories.motion, 12, 0.12),
    "emphasis": (stories.emphasis, 12, 0.12),
    "sequences": (stories.sequences, 13, 0.1),
    "lists": (stories.lists, 1.2, 0.1),
    "together": (stories.at_once, 17, 0.1),
    "declines": (_declines.declines, 2.6, 0),
}


# What the second stage adds.
CONTRASTS: dict[str, tuple[Callable[[Random], tuple[str, str]], float, float]] = {
    "how_many": (contrasts.how_many, 12, 0.1),
    "order_or_at_once": (contrasts.order_or_at_once, 22, 0.1),
    "then_at_once": (contrasts.then_at_once, 7, 0.08),
    "over_and_under": (contrasts.over_and_under, 5, 0.05),
    "plotted_or_written": (contrasts.plotted_or_written, 7, 0.1),
    "copied": (contrasts.copied, 5, 0.1),
    "row_of_colors": (contrasts.row_of_colors, 3, 0.1),
    "there_and_back": (stories.there_and_back, 3, 0.1),
    "was_before": (stories.was_before, 3, 0.1),
}


@dataclass(frozen=True)
class Example:
    """A prompt and the storyboard that it means, canonical and valid."""

    family: str
    prompt: str
    storyboard: str


def fold(prompt: str) -> str:
    """Case, spacing and closing punctuation do not make a prompt a different one."""
    return re.sub(r"\s+", " ", prompt).strip().casefold().rstrip(".!? ")


def canonical(storyboard: str) -> str:
    """Returns the storyboard as the language prints it: what the grammar accepts.

    Raises:
        SceneError: It cannot be read, or the scene is not valid.
    """
    if storyboard.startswith(f"{DECLINE_WORD} "):
        return storyboard + "\n"
    return print_scene(validate(parse(storyboard)).raise_for_errors())


_LITERAL = re.compile(r'^\w+ = (text|math) "(.*)"', re.MULTILINE)


def _literal_kept(prompt: str, storyboard: str) -> bool:
    """Whether what is quoted survived the typing: a model that is to copy must see the original."""
    spoken = {*SPOKEN.values()}
    return all(
        literal in prompt or (kind == "math" and literal in spoken)
        for kind, literal in _LITERAL.findall(storyboard)
    )


def generate(
    count: int,
    seed: int,
    *,
    contrasting: bool = False,
    validating: bool = False,
    exclude: Collection[str] = (),
    report: Counter[str] | None = None,
) -> list[Example]:
    """Returns unique examples, shuffled.

    Args:
        count: How many.
        seed: The same seed gives the same examples.
        contrasting: Make the families of the second stage, too.
        validating: Use the templates that are kept from training.
        exclude: Folded prompts that must not come out.
        report: Counts what was thrown away, by family and reason.

    Raises:
        RuntimeError: A family cannot make enough different prompts.
    """
    families = FAMILIES | CONTRASTS if contrasting else FAMILIES
    total = sum(share for _, share, _ in families.values())
    examples: list[Example] = []
    seen: set[str] = set(exclude)
    for family, (maker, share, polite) in families.items():
        rng = Speaker(f"{seed}/{family}/{validating}", validating=validating)
        wanted, made, tries = round(count * share / total), 0, 0
        while made < wanted:
            tries += 1
            if tries > 40 * wanted + 400:
                raise RuntimeError(f"{family}: only {made} of {wanted} different prompts")
            prompt, storyboard = maker(rng)
            prompt = one_line(deliver(prompt, rng, polite=polite))
            if fold(prompt) in seen or len(prompt) > 320 or not _literal_kept(prompt, storyboard):
                continue
            try:
                storyboard = canonical(storyboard)
            except SceneError as error:
                if report is not None:
                    report[f"{family}: {error}"] += 1
                continue
            seen.add(fold(prompt))
            examples.append(Example(family, prompt, storyboard))
            made += 1
    Random(seed).shuffle(examples)  # noqa: S311 - examples, not secrets
    return examples
