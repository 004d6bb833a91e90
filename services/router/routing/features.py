"""What a prompt looks like in numbers: the estimate of its complexity is made from these."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

#: Element words of the storyboard, with what people say for them.
_ELEMENTS: Mapping[str, str] = {
    "circle": r"circles?|discs?|disks?|rings?",
    "square": r"squares?",
    "rectangle": r"rectangles?|boxe?s?|bars?",
    "ellipse": r"ellipses?|ovals?",
    "triangle": r"triangles?",
    "regular_polygon": r"polygons?|pentagons?|hexagons?|heptagons?|octagons?|decagons?",
    "star": r"stars?",
    "dot": r"dots?|points?",
    "line": r"lines?",
    "arrow": r"arrows?|vectors?",
    "text": r"texts?|words?|labels?|titles?|captions?|sentences?|letters?|says?|saying|reading|named",
    "math": r"formulas?|formulae|equations?|theorems?|integrals?|derivatives?|identity|identities|fractions?",
    "axes": r"axes|axis|coordinate(?: system)?s?",
    "plot": r"plots?|graphs? of|functions?|curves?|parabolas?|sine|cosine|sin|cos|tan|exp",
    "number_line": r"number ?lines?",
    "group": r"groups?|together with",
}

#: Action words of the storyboard, with what people say for them.
_ACTIONS: Mapping[str, str] = {
    "create": r"draws?|drawn|drawing|creates?|appears?|shows?|displays?|sketch(?:es)?",
    "write": r"writes?|written|writing|types?",
    "fade_in": r"fad(?:e|es|ing) in",
    "fade_out": r"fad(?:e|es|ing) out|disappears?|vanish(?:es)?|dissolves?",
    "transform": r"transform(?:s|ing|ed)?|turn(?:s|ing|ed)? into|becom(?:e|es|ing)"
    r"|morph(?:s|ing|ed)?|chang(?:e|es|ing)",
    "move": r"mov(?:e|es|ing)|slid(?:e|es|ing)|shift(?:s|ing)?|travel(?:s|ling)?"
    r"|glid(?:e|es|ing)|goes|drops?|rises?",
    "rotate": r"rotat(?:e|es|ing)|spin(?:s|ning)?|turns? around",
    "scale": r"scal(?:e|es|ing)|grow(?:s|ing)?|shrink(?:s|ing)?|enlarg(?:e|es)|bigger|smaller",
    "indicate": r"indicat(?:e|es)|highlight(?:s|ed|ing)?|emphasi[sz]e[sd]?|pulse[sd]?|flash(?:es)?|circled",
    "color": r"recolou?rs?|colou?rs? (?:it|them)",
}

_COLORS = re.compile(
    r"\b(red|blue|green|yellow|orange|purple|violet|pink|teal|white|gr[ae]y|gold|maroon|black|brown|cyan)\b"
)
_RELATIONS = re.compile(
    r"\b(left of|right of|above|below|under|over|inside|beside|next to|between|corner|edge|top|bottom)\b"
)
_ORDER = re.compile(
    r"\b(then|after(?:wards)?|before|next|finally|first|second|third|while|meanwhile|once|until)\b"
)
_BEYOND = re.compile(
    r"\b(3d|three.dimensional|camera|zoom\w*|explain\w*|proof|prove\w*|simulat\w*|physics|algorithm\w*|sort\w*"
    r"|network|neural|matri(?:x|ces)|table|code|chart|diagram|planet\w*|orbit\w*|bounc\w*|particle\w*|story"
    r"|animat\w+ how|visuali[sz]\w*|step.by.step|person|car|tree|house|animal|cat|dog)\b"
)
_MATH = re.compile(r"[=^\\∑∫√π]|\b\w\s*[+*/]\s*\w\b")
_QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]{1,200})[\"“”«»]")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen)\b")
_SENTENCE = re.compile(r"[.!?;\n]+")

_ELEMENT_PATTERNS = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _ELEMENTS.items()}
_ACTION_PATTERNS = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _ACTIONS.items()}

#: How much each feature adds to the complexity, from 0 to 1 in all.
_COMPLEXITY: Mapping[str, float] = {
    "words": 0.20,
    "elements": 0.16,
    "actions": 0.14,
    "relations": 0.08,
    "order": 0.10,
    "numbers": 0.06,
    "math": 0.06,
    "beyond": 0.45,
    "foreign": 0.25,
    "refine": 0.10,
    "nothing_named": 0.12,
}


@dataclass(frozen=True)
class PromptFeatures:
    """A prompt in numbers.

    Attributes:
        values: By feature name, each about 0 to 1.
        elements: Storyboard words of the elements that the prompt names.
        actions: Storyboard words of the actions that the prompt names.
        complexity: 0 (simple) to 1.
    """

    values: Mapping[str, float]
    elements: frozenset[str]
    actions: frozenset[str]
    complexity: float

    def outside(self, element_kinds: Collection[str], action_kinds: Collection[str]) -> int:
        """How many of the kinds named a model does not write reliably; empty means that it writes all."""
        count = 0
        if element_kinds:
            count += len(self.elements - frozenset(element_kinds))
        if action_kinds:
            count += len(self.actions - frozenset(action_kinds))
        return count


def features_of(prompt: str, *, refine: bool = False) -> PromptFeatures:
    """Reads the features of a prompt.

    Args:
        prompt: A person's words; data, whatever they say.
        refine: Whether they edit a scene that is there.
    """
    # What is quoted shall be shown, not done.
    text = _QUOTED.sub(" quoted ", prompt.lower())
    words = _WORD.findall(text)
    elements = frozenset(kind for kind, pattern in _ELEMENT_PATTERNS.items() if pattern.search(text))
    actions = frozenset(kind for kind, pattern in _ACTION_PATTERNS.items() if pattern.search(text))
    named = sum(len(pattern.findall(text)) for pattern in _ELEMENT_PATTERNS.values())
    done = sum(len(pattern.findall(text)) for pattern in _ACTION_PATTERNS.values())
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(letter > "\u024f" for letter in letters) / len(letters) if letters else 0.0
    values = {
        "words": _share(len(words), 60),
        "sentences": _share(len([part for part in _SENTENCE.split(text) if part.strip()]) - 1, 6),
        "elements": _share(named - 1, 6),
        "actions": _share(done - 1, 5),
        "colors": _share(len(_COLORS.findall(text)), 6),
        "relations": _share(len(_RELATIONS.findall(text)), 4),
        "order": _share(len(_ORDER.findall(text)), 5),
        "numbers": _share(len(_NUMBER.findall(text)), 6),
        "math": 1.0 if _MATH.search(prompt) or "math" in elements or "plot" in elements else 0.0,
        "quoted": 1.0 if _QUOTED.search(prompt) else 0.0,
        "beyond": _share(len(_BEYOND.findall(text)), 2),
        "foreign": foreign,
        "refine": 1.0 if refine else 0.0,
        "nothing_named": 0.0 if elements or "quoted" in text or refine else 1.0,
    }
    complexity = min(1.0, sum(weight * values[name] for name, weight in _COMPLEXITY.items()))
    return PromptFeatures(values, elements, actions, complexity)


def _share(count: float, full: float) -> float:
    return max(0.0, min(1.0, count / full))
