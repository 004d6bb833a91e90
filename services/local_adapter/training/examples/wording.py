# ruff: noqa: E501 - lists of wordings read better in long lines
"""English in small pieces: alternatives, inflection, articles, lists, and the untidiness of typed prompts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import TypeVar
from zlib import crc32

_T = TypeVar("_T")
_RESERVED_SHARE = 16
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_PARTICIPLES = {
    "draw": "drawn", "put": "put", "show": "shown", "write": "written", "grow": "grown", "spin": "spun",
    "make": "made", "go": "gone", "bring": "brought", "shrink": "shrunk", "take": "taken", "give": "given",
    "become": "become", "let": "let", "get": "got", "swing": "swung", "slide": "slid", "run": "run",
    "come": "come", "light": "lit", "blow": "blown", "set": "set", "hide": "hidden", "send": "sent",
    "stick": "stuck", "cut": "cut", "undraw": "undrawn", "un-draw": "un-drawn", "unwrite": "unwritten",
    "swell": "swollen", "rise": "risen", "sink": "sunk", "fly": "flown", "begin": "begun", "drive": "driven",
    "leave": "left", "hold": "held", "keep": "kept", "redraw": "redrawn", "have": "had", "wipe": "wiped",
    "lead": "led", "handwrite": "handwritten", "rewrite": "rewritten", "ride": "ridden", "lay": "laid", "fall": "fallen", "sit": "sat", "stand": "stood", "shine": "shone",
}  # fmt: skip
_DOUBLING = {
    "put", "spin", "run", "set", "get", "let", "cut", "flip", "drop", "rub", "stop", "swap", "dim", "sit",
    "begin", "plot", "pop", "zip", "tip", "blur", "throb", "grab", "snap", "step", "skip", "spot", "scrub", "drag", "jot", "pen",
}  # fmt: skip


class Speaker(Random):
    """A random source that keeps one template in sixteen for validation.

    So the validation examples are worded in ways that the training examples never are.
    """

    def __init__(self, seed: str, *, validating: bool = False) -> None:
        super().__init__(seed)
        self._validating = validating

    def choice(self, seq: Sequence[_T]) -> _T:  # type: ignore[override]
        """Returns one of the sequence; of templates only one that belongs to this side."""
        if len(seq) > 3 and isinstance(seq[0], str) and any("{" in str(t) for t in seq[:3]):
            mine = [t for t in seq if (crc32(str(t).encode()) % _RESERVED_SHARE == 0) == self._validating]
            seq = mine or seq
        return super().choice(seq)


def expand(template: str, rng: Random) -> str:
    """Returns the template with every `[one|other]` decided, innermost first; `{slots}` stay."""
    while match := _CHOICE.search(template):
        pick = rng.choice(match.group(1).split("|"))
        template = template[: match.start()] + pick + template[match.end() :]
    return re.sub(r" {2,}", " ", template).replace(" ,", ",").replace(" .", ".").strip()


def third(verb: str) -> str:
    """Returns the verb with a third person's ending: `fades`, `flashes`, `goes`."""
    if verb in ("go", "do", "undergo") or re.search(r"(s|x|z|ch|sh)$", verb):
        return verb + "es"
    if verb == "have":
        return "has"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(verb: str) -> str:
    """Returns the verb with `ing`."""
    if verb in _DOUBLING:
        return verb + verb[-1] + "ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"


def participle(verb: str) -> str:
    """Returns the past participle."""
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb in _DOUBLING:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + "ed"


def first_word(phrase: str, change: object) -> str:
    """Returns the phrase with its first word inflected by one of the functions above."""
    head, space, rest = phrase.partition(" ")
    assert callable(change)
    return f"{change(head)}{space}{rest}"


def article(noun_phrase: str) -> str:
    """Returns the phrase with `a` or `an`."""
    head = noun_phrase.lower()
    vowel = re.match(r"[aeiou8]", head) and not re.match(r"(uni|one|eu|u[- ])", head)
    return f"{'an' if vowel else 'a'} {noun_phrase}"


def plural(noun_phrase: str) -> str:
    """Returns the plural of a noun phrase whose head stands last or before ` with `."""
    head, with_, rest = noun_phrase.partition(" with ")
    if head.endswith("axes"):
        return noun_phrase
    head = head + "es" if re.search(r"(s|x|ch|sh)$", head) else head + "s"
    return head + with_ + rest


def listing(items: Sequence[str], rng: Random, joint: str = "and") -> str:
    """Returns `a, b and c`, with or without the comma before the last."""
    if len(items) == 1:
        return items[0]
    if len(items) == 2:
        return f"{items[0]} {joint} {items[1]}"
    last = rng.choice([f" {joint} ", f", {joint} "])
    return ", ".join(items[:-1]) + last + items[-1]


def capital(sentence: str) -> str:
    """Returns the sentence with its first letter as a capital, unless it starts with something literal."""
    return sentence[:1].upper() + sentence[1:] if re.match(r"[a-z]+\b(?![\^=+(_{/*])", sentence) else sentence


# What people type wrong: two letters swapped, one left out, one doubled.
_TYPO_SAFE = re.compile(
    r"(?<![\w\\\"'“])(square|circle|triangle|rectangle|please|slowly|together|screen|move|then|after|rotate|"
    r"display|animation|simultaneously|degrees|hexagon|pentagon|ellipse|transform|highlight|the|with|create|"
    r"should|graph|equation|formula|becomes|draw|appear|disappear|afterwards|while)(?![\w\"'”])",
    re.IGNORECASE,
)


def with_typo(prompt: str, rng: Random) -> str:
    """Returns the prompt with one slip of the fingers in a common word; never in quotes, formulas or colours."""
    if any(mark in prompt for mark in '"“\\$^='):
        return prompt
    words = [m for m in _TYPO_SAFE.finditer(prompt) if len(m.group()) > 2]
    if not words:
        return prompt
    match = rng.choice(words)
    word, at = match.group(), rng.randrange(1, len(match.group()) - 1)
    slips = (
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
    )
    return prompt[: match.start()] + rng.choice(slips) + prompt[match.end() :]


def lowered(prompt: str) -> str:
    """Returns the prompt with a small first letter."""
    return prompt[:1].lower() + prompt[1:] if re.match(r"[A-Z][a-z]*\b(?![\^=+(_{/*])", prompt) else prompt
