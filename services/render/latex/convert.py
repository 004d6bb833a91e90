"""LaTeX's mathematics to Typst's, by parsing it.

Nothing is passed on as it stands: every name that is written comes from a table, every character is one that
means itself, and text becomes a quoted string. A command that no table holds is an error that names it.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from services.render.latex import symbols
from services.render.latex.lexer import LatexError, Token, tokens

__all__ = ["to_typst"]

_DEEPEST = 12
"""Groups and arguments inside each other; Typst gives up at some depth above it."""

_TEXT_COMMANDS = frozenset({"text", "textrm", "textnormal", "mbox", "textup", "hbox", "textsf", "texttt"})
_STYLED_TEXT = {"textbf": "bold", "textit": "italic", "emph": "italic"}
_BRACKETS = frozenset({"Ps", "Pe", "Pi", "Pf"})
_PLAIN = frozenset("+-=!?:.*@`0123456789")
_ESCAPED = {",": "\\,", ";": "\\;", "/": "\\/", '"': '\\"', "<": "<", ">": ">", "|": "|"}
_CLOSING = {"(": ")", "[": "]"}
_NAMED = {
    "(": "paren.l",
    ")": "paren.r",
    "[": "bracket.l",
    "]": "bracket.r",
    "{": "brace.l",
    "}": "brace.r",
    "⟨": "chevron.l",
    "⟩": "chevron.r",
    "⌊": "floor.l",
    "⌋": "floor.r",
    "⌈": "ceil.l",
    "⌉": "ceil.r",
}
_BOX = "#box(stroke: 0.6pt, inset: 4pt, $"
_BOX_END = "$)"
_KNOWN = sorted(
    {
        *symbols.SYMBOLS,
        *symbols.OPERATORS,
        *symbols.ACCENTS,
        *symbols.FONTS,
        *_TEXT_COMMANDS,
        *_STYLED_TEXT,
        "frac",
        "dfrac",
        "tfrac",
        "cfrac",
        "sqrt",
        "binom",
        "overbrace",
        "underbrace",
        "overset",
        "underset",
        "operatorname",
        "left",
        "right",
        "begin",
        "end",
        "substack",
        "boxed",
        "pmod",
        "bmod",
    }
)
_LITERAL = re.compile(r'\\.|"(?:[^"\\]|\\.)*"')
_NAME = re.compile(r"[A-Za-z][A-Za-z]+(?:\.[a-z]+)*|[A-Za-z](?:\.[a-z]+)+")
_CODE = re.compile(r"#(none|true)\b")


def to_typst(tex: str) -> str:
    """Converts a formula.

    Args:
        tex: LaTeX in mathematics mode, without dollar signs.

    Raises:
        LatexError: It is not LaTeX, or uses a command that is not known.
    """
    reader = _Reader(tokens(tex))
    made = reader.row(lambda _: False)
    if reader.peek() is not None:
        reader.unexpected()
    if not made:
        raise LatexError("the formula is empty")
    typst = re.sub(r" {2,}", " ", made).strip()
    _audit(typst)
    return typst


def _audit(typst: str) -> None:
    """Makes sure that a converted formula holds no name and no code but what the tables hold.

    Raises:
        LatexError: It does; a defect of the conversion that must not reach the typesetter.
    """
    bare = _CODE.sub(" ", _LITERAL.sub(" ", typst))
    if bare.count(_BOX) == bare.count(_BOX_END):
        bare = bare.replace(_BOX, " ").replace(_BOX_END, " ")
    known = symbols.OPERATORS | symbols.FUNCTIONS | set(_NAMED.values())
    foreign = [name for name in _NAME.findall(bare) if name not in known]
    if foreign or "#" in bare or "$" in bare or '"' in bare or "\\" in bare.replace("\\ ", ""):
        raise LatexError("the formula cannot be converted safely", "latex_command")


class _Reader:
    """A recursive-descent reader that writes Typst as it goes."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._start = "".join(token.text for token in found)
        self._next = 0
        self._depth = 0

    # --- tokens ---

    def peek(self) -> Token | None:
        """The next token that is not space."""
        while self._next < len(self._tokens) and self._tokens[self._next].kind == "space":
            self._next += 1
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise LatexError("the formula ends too early")
        self._next += 1
        return token

    def take_if(self, text: str) -> bool:
        token = self.peek()
        if token is None or token.text != text:
            return False
        self._next += 1
        return True

    def expect(self, text: str, what: str) -> None:
        if not self.take_if(text):
            token = self.peek()
            found = f" before {token.text!r}" if token is not None else ""
            raise LatexError(f"{what} is missing{found}")

    def unexpected(self) -> None:
        token = self.take()
        if token.text == "}":
            raise LatexError("a } closes nothing", advice="the braces have to match")
        raise LatexError(f"unexpected {token.text}")

    def _enter(self) -> None:
        """Goes one level down; whoever does it comes up again by itself."""
        self._depth += 1
        if self._depth > _DEEPEST + 1:
            start = self._start if len(self._start) <= 40 else self._start[:40] + "…"
            raise LatexError(
                f"the formula {start} is nested too deeply",
                advice=f"{_DEEPEST} levels are allowed; write it flatter, or as several formulas",
            )

    # --- rows ---

    def row(self, ends) -> str:  # type: ignore[no-untyped-def]
        """Everything up to a token that ends it."""
        self._enter()
        parts: list[str] = []
        brackets: list[tuple[str, int]] = []
        while (token := self.peek()) is not None and not ends(token) and token.text != "}":
            if token.text in {"\\end", "\\right"} or (token.text == "&" or token.text == "\\\\"):
                break
            if token.text in _CLOSING:
                self.take()
                brackets.append((token.text, len(parts)))
                parts.append(_NAMED[token.text])
                self._attach(parts)
                continue
            if token.text in {")", "]"}:
                self.take()
                self._close_bracket(parts, brackets, token.text)
                continue
            if (
                token.text in {"\\displaystyle", "\\textstyle"}
                or token.text.removeprefix("\\") in symbols.IGNORED
            ):
                self.take()
                continue
            parts.append(self.scripted())
        self._depth -= 1
        return " ".join(part for part in parts if part)

    def _close_bracket(self, parts: list[str], brackets: list[tuple[str, int]], text: str) -> None:
        """A closing bracket; with its partner it is written plainly, alone by its name."""
        if brackets and _CLOSING[brackets[-1][0]] == text:
            opening, start = brackets.pop()
            inner = " ".join(part for part in parts[start + 1 :] if part)
            del parts[start:]
            parts.append(self._with_scripts(f"{opening}{inner}{text}", simple=True))
            return
        parts.append(self._with_scripts(_NAMED[text], simple=True))

    def _attach(self, parts: list[str]) -> None:
        token = self.peek()
        if token is not None and token.text in {"^", "_"}:
            parts[-1] = self._with_scripts(parts[-1], simple=True)

    def scripted(self) -> str:
        """An atom with its sub- and superscript."""
        token = self.peek()
        if token is not None and token.text in {"^", "_", "'"}:
            return self._with_scripts('""', simple=True)
        base, simple = self.atom()
        return self._with_scripts(base, simple=simple)

    def _with_scripts(self, base: str, *, simple: bool) -> str:
        lower: str | None = None
        upper: list[str] = []
        primes = 0
        raised = False
        limits = ""
        while (token := self.peek()) is not None:
            if token.text in {"\\limits", "\\nolimits"}:
                self.take()
                limits = "limits" if token.text == "\\limits" else "scripts"
            elif token.text == "'":
                self.take()
                primes += 1
            elif token.text == "^":
                self.take()
                if raised:
                    raise LatexError("a double superscript", advice="write {a^b}^c")
                raised = True
                upper.append(self.argument("an exponent"))
            elif token.text == "_":
                self.take()
                if lower is not None:
                    raise LatexError("a double subscript", advice="write {a_b}_c")
                lower = self.argument("a subscript")
            else:
                break
        if limits:
            base, simple = f"{limits}({base})", True
        if lower is None and not upper and not primes:
            return base
        if not simple:
            upper = ["′"] * primes + upper
            marks = [f"t: {' '.join(upper)}"] if upper else []
            marks += [f"b: {lower}"] if lower is not None else []
            return f"attach({base}, {', '.join(marks)})"
        below = f"_({lower})" if lower is not None else ""
        above = f"^({' '.join(upper)})" if upper else ""
        return _short_scripts(base + "'" * primes, below, above)

    def argument(self, what: str) -> str:
        """An argument: a group in braces, or one token."""
        token = self.peek()
        if token is None or token.text in {"}", "&", "\\\\", "\\end", "\\right", "^", "_"}:
            raise LatexError(f"{what} is missing", advice="put it in braces: {...}")
        if token.text == "{":
            return self.group() or '""'
        self._enter()
        made, _ = self.atom(single_digit=True)
        self._depth -= 1
        return made

    def group(self) -> str:
        self.expect("{", "a {")
        made = self.row(lambda token: token.text == "}")
        self.expect("}", "a }")
        return str(made)

    # --- atoms ---

    def atom(self, *, single_digit: bool = False) -> tuple[str, bool]:
        """One thing, and whether scripts can follow it as it stands."""
        token = self.take()
        text = token.text
        if token.kind == "command":
            return self._command(text[1:])
        if token.kind == "number":
            if single_digit and len(text) > 1:
                # LaTeX takes one digit: x^12 is x to the 1, then 2.
                self._tokens.insert(self._next, Token("number", text[1:], token.position + 1))
                return text[0], True
            return text, True
        if text == "{":
            self._next -= 1
            inner = self.group()
            return (inner or '""'), not _is_compound(inner)
        if text in _ESCAPED:
            return _ESCAPED[text], True
        if text == "~":
            return "space.nobreak", True
        if text in {"#", "$", "&", "^", "_", "}"}:
            raise LatexError(
                f"unexpected {text}", advice=f"write \\{text} for the character" if text in "#$&_" else ""
            )
        if text in _NAMED:
            return _NAMED[text], True
        if unicodedata.category(text) in _BRACKETS:
            return "\\" + text, True
        if text.isalpha() or text in _PLAIN or not text.isascii():
            return ("\\" + text if text in "@`" else text), True
        raise LatexError(f"unexpected {text!r}")

    def _command(self, name: str) -> tuple[str, bool]:
        if name in symbols.SYMBOLS:
            return symbols.SYMBOLS[name], True
        if name in symbols.OPERATORS:
            return name, True
        if name in symbols.CHARACTERS:
            made = symbols.CHARACTERS[name]
            return _NAMED.get(made, made), True
        if name in symbols.SPACES:
            return symbols.SPACES[name], True
        if name in symbols.ACCENTS:
            return f"{symbols.ACCENTS[name]}({self.argument(f'the argument of {chr(92)}{name}')})", True
        if name in symbols.FONTS:
            return self._font(name), True
        if name in _TEXT_COMMANDS:
            return _quoted(self._raw_text(name)), True
        if name in _STYLED_TEXT:
            return f"{_STYLED_TEXT[name]}({_quoted(self._raw_text(name))})", True
        if f"\\{name}" in symbols.DELIMITERS:
            made = symbols.DELIMITERS[f"\\{name}"]
            return _NAMED.get(made, made), True
        if name in symbols.IGNORED:
            return "", True
        special = getattr(self, f"_{name.replace('*', '_star')}_command", None)
        if special is None:
            close = get_close_matches(name, _KNOWN, n=1, cutoff=0.7)
            advice = f"did you mean \\{close[0]}?" if close else "write it with other commands"
            raise LatexError(f"\\{name} is not a command that formulas know", "latex_command", advice)
        return special()  # type: ignore[no-any-return]

    def _font(self, name: str) -> str:
        inner = self.argument(f"the argument of \\{name}")
        if name == "mathrm" and re.fullmatch(r"[A-Za-z](?: [A-Za-z])+", inner):
            return _quoted(inner.replace(" ", ""))
        for function in reversed(symbols.FONTS[name]):
            inner = f"{function}({inner})"
        return inner

    def _raw_text(self, name: str) -> str:
        """Text up to the closing brace, as it stands."""
        self.expect("{", f"the argument of \\{name}")
        depth = 1
        letters: list[str] = []
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            self._next += 1
            if token.text == "{":
                depth += 1
                continue
            if token.text == "}":
                depth -= 1
                if depth == 0:
                    return "".join(letters)
                continue
            if token.kind == "command":
                letters.append(_character(token.text, name))
            elif token.kind == "space" or token.text == "~":
                letters.append(" ")
            else:
                letters.append(token.text)
        raise LatexError(f"the text of \\{name} is not closed", advice="the braces have to match")

    # --- commands with a form of their own: found by name ---

    def _frac_command(self) -> tuple[str, bool]:
        upper, lower = self.argument("the numerator"), self.argument("the denominator")
        return f"frac({upper}, {lower})", True

    def _dfrac_command(self) -> tuple[str, bool]:
        return f"display({self._frac_command()[0]})", True

    def _tfrac_command(self) -> tuple[str, bool]:
        return f"inline({self._frac_command()[0]})", True

    _cfrac_command = _dfrac_command

    def _binom_command(self) -> tuple[str, bool]:
        return f"binom({self.argument('the upper number')}, {self.argument('the lower number')})", True

    _dbinom_command = _tbinom_command = _binom_command

    def _sqrt_command(self) -> tuple[str, bool]:
        index = ""
        if self.take_if("["):
            index = str(self.row(lambda token: token.text == "]"))
            self.expect("]", "a ]")
        inner = self.argument("the argument of \\sqrt")
        return (f"root({index}, {inner})" if index else f"sqrt({inner})"), True

    def _operatorname_command(self) -> tuple[str, bool]:
        return f"op({_quoted(self._raw_text('operatorname').strip())})", True

    def _operatorname_star_command(self) -> tuple[str, bool]:
        return f"limits({self._operatorname_command()[0]})", True

    def _overbrace_command(self) -> tuple[str, bool]:
        return self._brace("overbrace", "^"), True

    def _underbrace_command(self) -> tuple[str, bool]:
        return self._brace("underbrace", "_"), True

    def _brace(self, function: str, script: str) -> str:
        inner = self.argument(f"the argument of \\{function}")
        label = f", {self.argument('the label')}" if self.take_if(script) else ""
        return f"{function}({inner}{label})"

    def _overset_command(self) -> tuple[str, bool]:
        mark, base = self.argument("what stands above"), self.argument("what stands below")
        return f"attach(limits({base}), t: {mark})", False

    _stackrel_command = _overset_command

    def _underset_command(self) -> tuple[str, bool]:
        mark, base = self.argument("what stands below"), self.argument("what stands above")
        return f"attach(limits({base}), b: {mark})", False

    def _xrightarrow_command(self) -> tuple[str, bool]:
        return f"attach(limits(stretch(→)), t: {self.argument('the label')})", False

    def _xleftarrow_command(self) -> tuple[str, bool]:
        return f"attach(limits(stretch(←)), t: {self.argument('the label')})", False

    def _substack_command(self) -> tuple[str, bool]:
        self.expect("{", "the argument of \\substack")
        lines = self._lines(lambda token: token.text == "}")
        self.expect("}", "a }")
        return " \\ ".join(" ".join(cells) for cells in lines), False

    def _boxed_command(self) -> tuple[str, bool]:
        inner = self.argument("the argument of \\boxed")
        return f"{_BOX} {inner} {_BOX_END}", True

    def _fbox_command(self) -> tuple[str, bool]:
        return f"{_BOX} {_quoted(self._raw_text('fbox'))} {_BOX_END}", True

    def _pmod_command(self) -> tuple[str, bool]:
        return f"thick (mod thin {self.argument('the modulus')})", True

    def _bmod_command(self) -> tuple[str, bool]:
        return "mod", True

    def _argmax_command(self) -> tuple[str, bool]:
        return 'limits(op("arg max"))', True

    def _argmin_command(self) -> tuple[str, bool]:
        return 'limits(op("arg min"))', True

    def _not_command(self) -> tuple[str, bool]:
        token = self.take()
        made = symbols.NEGATIONS.get(token.text.removeprefix("\\"))
        if made is None:
            raise LatexError(f"\\not cannot stand before {token.text}")
        return made, True

    def _left_command(self) -> tuple[str, bool]:
        opening = self._delimiter("\\left")
        parts = [str(self.row(lambda token: token.text in {"\\right", "\\middle"}))]
        while self.take_if("\\middle"):
            parts += [
                f"mid({self._delimiter(chr(92) + 'middle')})",
                str(self.row(lambda token: token.text == "\\right")),
            ]
        self.expect("\\right", "\\right")
        closing = self._delimiter("\\right")
        inner = " ".join(part for part in parts if part)
        if (opening, closing) in {("(", ")"), ("[", "]")}:
            # A pair of brackets grows with what it holds.
            return f"{opening}{inner}{closing}", True
        left, right = _NAMED.get(opening, opening), _NAMED.get(closing, closing)
        return f"lr({left} {inner} {right})".replace("( ", "(").replace(" )", ")"), True

    def _delimiter(self, command: str) -> str:
        token = self.take()
        made = symbols.DELIMITERS.get(token.text)
        if made is None:
            raise LatexError(
                f"{command} cannot stand before {token.text}", advice="brackets, |, \\| and . can follow it"
            )
        return made

    def _begin_command(self) -> tuple[str, bool]:
        name = self._raw_text("begin").strip()
        kind = symbols.ENVIRONMENTS.get(name.rstrip("*"))
        if kind is None:
            raise LatexError(
                f"no environment {name!r}", "latex_command", "matrices, cases and aligned are known"
            )
        if name.rstrip("*") in {"array", "alignat", "alignedat"}:
            self._raw_text(name)
        rows = self._lines(lambda token: token.text == "\\end")
        self.expect("\\end", f"\\end{{{name}}}")
        ended = self._raw_text("end").strip()
        if ended != name:
            raise LatexError(f"\\begin{{{name}}} is ended by \\end{{{ended}}}")
        return _environment(kind, rows), kind not in {"lines"}

    def _lines(self, ends) -> list[list[str]]:  # type: ignore[no-untyped-def]
        """Rows of cells."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(str(self.row(ends)))
            token = self.peek()
            if token is None or ends(token):
                break
            if self.take_if("&"):
                continue
            if not self.take_if("\\\\"):
                self.unexpected()
            if self.take_if("["):
                while not self.take_if("]"):
                    self.take()
            rows.append([])
        if len(rows) > 1 and rows[-1] == [""]:
            rows.pop()
        return rows


def _environment(kind: str, rows: list[list[str]]) -> str:
    if kind == "lines":
        return " \\ ".join(" & ".join(cells) for cells in rows)
    if kind in {"cases", "rcases"}:
        reverse = "reverse: #true, " if kind == "rcases" else ""
        return f"cases({reverse}{', '.join(' & '.join(cells) or chr(34) * 2 for cells in rows)})"
    delimiter = "#none" if kind == "none" else f'"{kind}"'
    body = "; ".join(", ".join(cell or '""' for cell in cells) for cells in rows)
    return f"mat(delim: {delimiter}, {body})"


def _short_scripts(base: str, below: str, above: str) -> str:
    """`x^(2)` as `x^2`, where one character or number is raised."""
    return base + "".join(re.sub(r"^([_^])\(([0-9]+|[^\W\d_])\)$", r"\1\2", mark) for mark in (below, above))


def _is_compound(inner: str) -> bool:
    """Whether a group is more than one thing."""
    return " " in inner or bool(re.search(r"[_^]", inner))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _character(command: str, holder: str) -> str:
    """A command inside text."""
    name = command[1:]
    if name in {"%", "$", "#", "_", "&", "{", "}"}:
        return name
    if name in {" ", ",", ";", ":", "quad"}:
        return " "
    if name == "\\":
        return " "
    if name == "!":
        return ""
    if name in symbols.SYMBOLS:
        return symbols.SYMBOLS[name]
    raise LatexError(
        f"\\{name} cannot stand in the text of \\{holder}", "latex_command", "write plain words there"
    )
