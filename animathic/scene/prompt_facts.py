"""What a prompt certainly asks for: things with colours and numbers, words, formulas, actions.

Only what plain words say is taken; what a reading would have to guess is left out. A wrong claim costs more
than a missing one, because claims decide whether a scene is good enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from animathic.scene.english import (
    ACTIONS,
    COLOR_WORDS,
    COUNTS,
    FILLED,
    HOLLOW,
    NOT_A_THING,
    NOUNS,
    SIDES,
    SIZES,
    TURNING,
)
from animathic.scene.formula_facts import written_formulas

__all__ = ["PromptFacts", "Thing", "Turn", "prompt_facts"]

_QUOTED = re.compile(r"[\"“”]([^\"“”]{1,300})[\"“”]|(?<![A-Za-z0-9])['‘]([^'‘’]{1,300})['’](?![A-Za-z0-9])")
_DOLLARS = re.compile(r"\$\$?([^$]{1,300})\$\$?")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*|\d+(?:\.\d+)?|[.,;:!?]")
_DEGREES = re.compile(r"(\d+(?:\.\d+)?)[ -]*(?:°|degrees?\b|deg\b)", re.IGNORECASE)
_FORMULA = re.compile(r"[=^\\]|\d\s*[-+*/]\s*\d")
_NEW = frozenset({"a", "an", "another", "one", "some", "of", "and", "with", "show", "draw", "create", "into"})
_KNOWN = frozenset({"the", "this", "that", "these", "those", "its", "their", "each", "every", "both", "all"})
_DIGIT = re.compile(r"\d+")
_MOST = 20


@dataclass(frozen=True, slots=True)
class Thing:
    """Something the prompt names.

    Attributes:
        kind: The kind of element.
        color: The colour it names; empty if it names none.
        count: How many.
        sides: The number of sides that the noun says; 0 if it says none.
        filled: Whether it is to be filled; None if the prompt does not say.
    """

    kind: str
    color: str = ""
    count: int = 1
    sides: int = 0
    filled: bool | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """An action the prompt names.

    Attributes:
        action: transform, rotate, hide, scale, indicate, fade_in, fade_out, move or wait.
        degrees: The angle it names, for a rotation; 0 if it names none.
    """

    action: str
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """What a prompt certainly asks for.

    Attributes:
        things: What is to be seen, one entry for each kind and colour.
        words: What is quoted, to be read.
        formulas: What is spelled out, to be typeset.
        functions: What is spelled out, to be plotted: expressions in x.
        turns: What is to happen.
    """

    things: tuple[Thing, ...] = ()
    words: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()


def prompt_facts(prompt: str) -> PromptFacts:
    """What a prompt certainly asks for.

    Args:
        prompt: A request in English.
    """
    prompt = prompt[:4000]
    formulas = [found[1].strip() for found in _DOLLARS.finditer(prompt)]
    rest = _DOLLARS.sub(" , ", prompt)
    words: list[str] = []
    for found in _QUOTED.finditer(rest):
        text = (found[1] or found[2]).strip()
        if text:
            (formulas if _FORMULA.search(text) else words).append(text)
    rest = _QUOTED.sub(" , ", rest)
    written = written_formulas(rest)
    formulas += written.formulas
    tokens = [word.lower() for word in _WORD.findall(rest)]
    return PromptFacts(
        tuple(_things(tokens)),
        tuple(dict.fromkeys(words)),
        tuple(dict.fromkeys(formulas)),
        written.functions,
        tuple(dict.fromkeys(_turns(tokens, rest))),
    )


def _things(tokens: Sequence[str]) -> Iterator[Thing]:
    """Things, the mentions of one kind and colour taken together: the largest number counts."""
    found: dict[tuple[str, str, int, bool | None], int] = {}
    for thing in _mentions(tokens):
        key = (thing.kind, thing.color, thing.sides, thing.filled)
        found[key] = max(found.get(key, 0), thing.count)
    for (kind, color, sides, filled), count in found.items():
        # "Two circles ... a red circle" may be one of the two.
        of_its_kind = sum(1 for other in found if other[0] == kind)
        if color or filled is not None or of_its_kind == 1 or count > 1:
            yield Thing(kind, color, count, sides, filled)


def _mentions(tokens: Sequence[str]) -> Iterator[Thing]:
    for index in range(len(tokens)):
        noun, plural, length = _noun(tokens, index)
        if noun is None:
            continue
        following = tokens[index + length] if index + length < len(tokens) else ""
        if following in NOT_A_THING.get(noun, ()):
            continue
        thing = _described(tokens, index, noun, plural)
        if thing is not None:
            yield thing


def _noun(tokens: Sequence[str], index: int) -> tuple[str | None, bool, int]:
    """The noun at a position, whether it is a plural, and how many words it has."""
    for length in (2, 1):
        written = " ".join(tokens[index : index + length])
        if len(tokens) < index + length:
            continue
        if length == 1 and index and f"{tokens[index - 1]} {written.removesuffix('s')}" in NOUNS:
            continue
        if written in NOUNS:
            return written, False, length
        if written.endswith("s") and written[:-1] in NOUNS:
            return written[:-1], True, length
    return None, False, 0


def _described(tokens: Sequence[str], index: int, noun: str, plural: bool) -> Thing | None:
    """What the words before a noun say of it; None if it may not be a new thing."""
    color, count, filled = "", 0, None
    certain = plural
    position = index - 1
    while position >= 0:
        word = tokens[position]
        if word in COLOR_WORDS and not color:
            color, certain = COLOR_WORDS[word], True
        elif word in COUNTS or (_DIGIT.fullmatch(word) is not None and 1 < int(word) <= _MOST):
            count, certain = COUNTS.get(word) or int(word), True
            break
        elif word in FILLED:
            filled, certain = True, True
        elif word in HOLLOW:
            filled, certain = False, True
        elif word not in SIZES:
            break
        position -= 1
    before = tokens[position] if position >= 0 else ""
    if before in _KNOWN:
        return None
    if not certain and before not in _NEW:
        return None
    if not count:
        count = 2 if plural and noun != "axes" else 1
    if plural and count == 1:
        return None
    return Thing(NOUNS[noun], color, count, SIDES.get(noun, 0), filled)


def _clause(tokens: Sequence[str]) -> Sequence[str]:
    """The tokens before the first punctuation mark."""
    return next((tokens[:i] for i, token in enumerate(tokens) if not token[0].isalnum()), tokens)


def _turns(tokens: Sequence[str], text: str) -> Iterator[Turn]:
    degrees = [float(found[1]) for found in _DEGREES.finditer(text)]
    for index in range(len(tokens)):
        if index and tokens[index - 1] in ("not", "never", "without", "don", "t"):
            continue
        action = ACTIONS.get(" ".join(tokens[index : index + 2])) or ACTIONS.get(tokens[index])
        if action is None and tokens[index] in TURNING and "into" in _clause(tokens[index : index + 8]):
            action = "transform"
        if action is None:
            continue
        angle = degrees[0] if action == "rotate" and len(degrees) == 1 else 0.0
        yield Turn(action, angle)
