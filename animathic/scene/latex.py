"""What a formula may hold, before anything typesets it.

A formula is data from a model or a person. Commands that read or write files, define macros or loop have no
place in it, whichever engine typesets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from animathic.scene.issues import Code

__all__ = ["latex_problems"]

_COMMAND = re.compile(r"\\([A-Za-z@]+|.|$)")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}")
_FORBIDDEN_NAMES = (
    "afterassignment aftergroup batchmode begingroup catcode closein closeout csname "
    "DeclareMathOperator DeclareRobustCommand def directlua documentclass edef else endcsname "
    "endgroup endinput errorstopmode everypar expandafter fi fontdimen futurelet gdef global href "
    "hsize if ifcase ifdim iffalse IfFileExists ifnum ifodd iftrue ifx immediate include "
    "includegraphics input InputIfFileExists jobname latelua lccode let loop lstinputlisting "
    "luadirect luaexec makeatletter makeatother meaning newcommand newenvironment newread newwrite "
    "noexpand nonstopmode number openany openin openout output pdffiledump pdfobj pdfshellescape "
    "providecommand read renewcommand repeat RequirePackage romannumeral scantokens scrollmode "
    "shipout special string tempfile the toks uccode unexpanded url usepackage verbatiminput write "
    "xdef "
)
_FORBIDDEN = frozenset(_FORBIDDEN_NAMES.split())
_ENVIRONMENT_NAMES = (
    "align aligned alignat alignedat array Bmatrix bmatrix cases dcases equation gather gathered "
    "matrix multline pmatrix rcases smallmatrix split vmatrix Vmatrix "
)
_ENVIRONMENTS = frozenset(name + star for name in _ENVIRONMENT_NAMES.split() for star in ("", "*"))


def latex_problems(tex: str) -> Iterator[tuple[Code, str, str]]:
    """What is wrong with a formula, as (code, message, advice)."""
    if "$" in re.sub(r"\\\$", "", tex):
        yield Code.LATEX_SYNTAX, "the formula has dollar signs", "leave them out: it is all mathematics"
    if "^^" in tex:
        yield Code.LATEX_COMMAND, "^^ is not allowed in a formula", "write {}^{...}"
    for found in _COMMAND.finditer(tex):
        name = found[1]
        if not name:
            yield Code.LATEX_SYNTAX, "the formula ends in a backslash", ""
        elif name in _FORBIDDEN or "@" in name:
            yield (
                Code.LATEX_COMMAND,
                f"\\{name} is not allowed in a formula",
                "use the commands of mathematics only",
            )
    yield from _environment_problems(tex)
    depth = 0
    for character in re.sub(r"\\[\\{}]", "", tex):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            break
    if depth:
        yield Code.LATEX_SYNTAX, "the braces of the formula do not match", ""


def _environment_problems(tex: str) -> Iterator[tuple[Code, str, str]]:
    opened: list[str] = []
    for found in _ENVIRONMENT.finditer(tex):
        which, name = found[1], found[2]
        if name not in _ENVIRONMENTS:
            yield (
                Code.LATEX_COMMAND,
                f"no environment {name[:40]!r} in a formula",
                "matrices, cases and aligned are",
            )
            return
        if which == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            yield Code.LATEX_SYNTAX, f"\\end{{{name}}} ends nothing", ""
            return
    if opened:
        yield Code.LATEX_SYNTAX, f"\\begin{{{opened[-1]}}} is not ended", ""
