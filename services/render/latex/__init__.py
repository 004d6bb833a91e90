"""Formulas from LaTeX to Typst."""

from services.render.latex.convert import to_typst
from services.render.latex.lexer import LatexError

__all__ = ["LatexError", "to_typst"]
