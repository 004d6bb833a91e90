"""LaTeX formulas as Typst."""

from __future__ import annotations


class LatexError(ValueError):
    def __init__(self, message: str, code: str = "latex_syntax", advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


def to_typst(tex: str) -> str:
    import tylax

    return tylax.latex_to_typst(tex)
