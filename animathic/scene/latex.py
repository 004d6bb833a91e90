"""What a formula may hold, before anything typesets it.

A formula is data from a model or a person. Commands that read or write files, define macros or loop have no place
in it, whichever engine typesets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from animathic.scene.issues import Code

__all__ = ["latex_problems"]

_COMMAND = re.compile(r"\\([A-Za-z@]+|.|$)")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}")
_FORBIDDEN = frozenset(
    """
    afterassignment aftergroup batchmode begingroup catcode closein closeout csname def directlua edef endcsname
    endgroup endinput errorstopmode everypar expandafter fontdimen futurelet gdef global hsize immediate include
    includegraphics input InputIfFileExists latelua let lccode loop lstinputlisting luadirect luaexec makeatletter
    makeatother meaning newcommand newenvironment newread newwrite nonstopmode noexpand openin openout output
    pdffiledump pdfobj pdfshellescape providecommand RequirePackage read renewcommand repeat scantokens
    scrollmode shipout special string tempfile toks uccode usepackage verbatiminput write xdef
    DeclareMathOperator DeclareRobustCommand IfFileExists documentclass else fi if ifcase ifdim iffalse ifnum
    ifodd iftrue ifx jobname unexpanded url href openany the number romannumeral
    """.split()
)
_ENVIRONMENTS = frozenset(
    name + star
    for name in (
        "align aligned alignat alignedat array Bmatrix bmatrix cases dcases equation gather gathered matrix multline "
        "pmatrix rcases smallmatrix split vmatrix Vmatrix"
    ).split()
    for star in ("", "*")
)


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
