"""Formulas and functions that stand in a prompt without quotes: `plot y = x^2 - 1`, `show a^2+b^2=c^2`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from animathic.scene.expressions import ExpressionError, free_names, parse_expression

__all__ = ["WrittenFormulas", "written_formulas"]

_OPERATORS = frozenset("+-*/=")
_TERM = re.compile(r"[-+]?[0-9A-Za-z_^*/+\-().{}\\=|]+")
_STRONG = re.compile(r"[\^\\=]|\b(?:sin|cos|tan|exp|log|ln|sqrt|abs)\(|(?<![A-Za-z0-9])\d+(?:\.\d+)?x\b")
_ATOM = re.compile(r"[-+]?(?:\d+(?:\.\d+)?|[a-z]|[a-z]\([a-z]\))")
_NAMED = re.compile(r"^(?:y|[a-z]\(x\))=")
_PLOTTING = re.compile(r"\b(?:plot|graph|curve|function)(?:s|ted|ed|ting|ing)?\b", re.IGNORECASE)
_ABOUT_ANOTHER = re.compile(
    r"\b(?:derivative|slope|integral|antiderivative|inverse|tangent|secant|area|under|shifted|reflect\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenFormulas:
    """What a prompt spells out.

    Attributes:
        formulas: What is to be typeset, as written.
        functions: What is to be plotted, as expressions in x.
    """

    formulas: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


def written_formulas(text: str) -> WrittenFormulas:
    """Finds the formulas that are surely formulas.

    A function is one only where the prompt speaks of plotting it, and of nothing that is made from it,
    such as its derivative.

    Args:
        text: A prompt without what it quotes.
    """
    plotting = _PLOTTING.search(text) is not None
    formulas: list[str] = []
    functions: list[str] = []
    for run in _runs(text.split()):
        function = _function(run)
        if function and plotting:
            if not _ABOUT_ANOTHER.search(text):
                functions.append(function)
        elif "\\" in run or (not function and "=" in run and any(mark in run for mark in "^+*/{")):
            formulas.append(run)
    return WrittenFormulas(tuple(dict.fromkeys(formulas)), tuple(dict.fromkeys(functions)))


def _runs(words: Sequence[str]) -> Iterator[str]:
    """Neighbouring words that are one formula: terms with operators between them."""
    index = 0
    while index < len(words):
        run, after = _run_from(words, index)
        if run and _STRONG.search(run):
            yield run
            index = after
        else:
            index += 1


def _run_from(words: Sequence[str], start: int) -> tuple[str, int]:
    run, ended = _bare(words[start])
    if not _is_term(run):
        return "", start
    index = start + 1
    while not ended and index < len(words):
        operator = words[index]
        if operator in _OPERATORS and index + 1 < len(words):
            term, ended = _bare(words[index + 1])
            if not _is_term(term):
                break
            run, index = run + operator + term, index + 2
        else:
            break
    return run, index


def _is_term(word: str) -> bool:
    if not word or not _TERM.fullmatch(word):
        return False
    return _ATOM.fullmatch(word) is not None or _STRONG.search(word) is not None


def _bare(word: str) -> tuple[str, bool]:
    """A word without the punctuation around it, and whether that ends a formula."""
    bare = word.rstrip(".,;:!?")
    while bare.endswith(")") and bare.count(")") > bare.count("("):
        bare = bare[:-1]
    while bare.startswith("(") and bare.count("(") > bare.count(")"):
        bare = bare[1:]
    return bare, not word.endswith(bare[-1:] or " ")


def _function(run: str) -> str:
    """The expression in x that a formula names, or nothing."""
    body = _NAMED.sub("", run)
    if "=" in body or "\\" in body:
        return ""
    try:
        return body if free_names(parse_expression(body)) == {"x"} else ""
    except ExpressionError:
        return ""
