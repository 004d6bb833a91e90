"""Arithmetic expressions: read into a small tree, never evaluated as code.

    expression = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum        = product { ("+" | "-") product }
    product    = unary { ("*" | "/" | nothing) unary }      nothing: after a number, before a name or bracket
    unary      = [ "-" | "+" ] power
    power      = atom [ "^" unary ]
    atom       = number | name | name "(" expression { "," expression } ")" | "(" expression ")"

A name is a variable or constant; a called name is one of `FUNCTIONS` or a plot of the scene.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from animathic.scene.issues import did_you_mean
from animathic.scene.limits import LIMITS

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "Binary",
    "Call",
    "ExpressionError",
    "Name",
    "Node",
    "Number",
    "Unary",
    "called_names",
    "free_names",
    "nodes",
    "parse_expression",
]

CONSTANTS: Mapping[str, float] = {"pi": 3.141592653589793, "tau": 6.283185307179586, "e": 2.718281828459045}
"""Names with a fixed value; a variable of the same name takes precedence."""

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"), (1, 1)),
    **dict.fromkeys(("exp", "ln", "sqrt", "abs", "floor", "ceil", "round", "sign"), (1, 1)),
    "log": (1, 2),
    "mod": (2, 2),
    "min": (2, 8),
    "max": (2, 8),
    "if": (3, 3),
}
"""The functions that can be called, with the smallest and largest number of arguments."""

_ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"
    r"(?P<op>\*\*|<=|>=|==|!=|[-+*/^(),<>]))"
)
_TYPOGRAPHY = str.maketrans({"·": "*", "×": "*", "÷": "/", "−": "-", "–": "-"})
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign: `-`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation on two expressions: + - * / ^ or a comparison, which is 1 or 0."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function or plot."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Unary | Binary | Call


class ExpressionError(ValueError):
    """An expression is not arithmetic.

    Attributes:
        reason: What is wrong.
        position: Where, in characters from 0.
        advice: What to write instead; may be empty.
    """

    def __init__(self, reason: str, position: int, advice: str = "") -> None:
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position
        self.advice = advice


def parse_expression(text: str) -> Node:
    """Reads an expression.

    Args:
        text: The expression as written. `**` is read as `^`, `2x` as `2*x`.

    Raises:
        ExpressionError: It is not arithmetic, or exceeds the limits of the language.
    """
    if len(text) > LIMITS.expression_length:
        raise ExpressionError(
            f"the expression has {len(text)} characters", 0, f"{LIMITS.expression_length} are allowed"
        )
    return _Reader(text).read()


def nodes(tree: Node) -> Iterator[Node]:
    """Every node of a tree, itself first."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        match node:
            case Unary(_, operand):
                pending.append(operand)
            case Binary(_, left, right):
                pending += (right, left)
            case Call(_, arguments):
                pending += reversed(arguments)
            case _:
                pass


def free_names(tree: Node) -> frozenset[str]:
    """The variables of an expression: names that are neither called nor constants."""
    return frozenset(node.name for node in nodes(tree) if isinstance(node, Name)) - CONSTANTS.keys()


def called_names(tree: Node) -> frozenset[str]:
    """The plots that an expression calls."""
    return frozenset(node.function for node in nodes(tree) if isinstance(node, Call)) - FUNCTIONS.keys()


class _Reader:
    """A recursive-descent reader; bounded in depth and in nodes."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._end = len(text)
        self._next = 0
        self._nodes = 0
        self._depth = 0

    def read(self) -> Node:
        if not self._tokens:
            raise ExpressionError("the expression is empty", 0)
        tree = self._comparison()
        if self._next < len(self._tokens):
            kind, text, position = self._tokens[self._next]
            if kind != "op" or text == "(":
                raise ExpressionError(
                    f"an operator is missing before {text!r}", position, "write * to multiply"
                )
            if text in _COMPARISONS:
                raise ExpressionError("comparisons cannot follow one another", position)
            raise ExpressionError(f"unexpected {text!r}", position)
        return tree

    def _comparison(self) -> Node:
        left = self._sum()
        operator = self._take_any(_COMPARISONS)
        return left if operator is None else self._made(Binary(operator, left, self._sum()))

    def _sum(self) -> Node:
        left = self._product()
        while (operator := self._take_any(frozenset("+-"))) is not None:
            left = self._made(Binary(operator, left, self._product()))
        return left

    def _product(self) -> Node:
        left = self._unary()
        while True:
            operator = self._take_any(frozenset("*/"))
            if operator is None:
                if not self._multiplies_silently():
                    return left
                operator = "*"
            left = self._made(Binary(operator, left, self._unary()))

    def _multiplies_silently(self) -> bool:
        """Whether a factor follows with no sign before it, as in `2x` and `2(x+1)`."""
        if not 0 < self._next < len(self._tokens):
            return False
        before, after = self._tokens[self._next - 1], self._tokens[self._next]
        return (before[0] == "number" or before[1] == ")") and (after[0] == "name" or after[1] == "(")

    def _unary(self) -> Node:
        operator = self._take_any(frozenset("+-"))
        if operator is None:
            return self._power()
        self._enter()
        operand = self._unary()
        self._depth -= 1
        return operand if operator == "+" else self._made(Unary("-", operand))

    def _power(self) -> Node:
        base = self._atom()
        if self._take_any(frozenset({"^", "**"})) is None:
            return base
        self._enter()
        exponent = self._unary()
        self._depth -= 1
        return self._made(Binary("^", base, exponent))

    def _atom(self) -> Node:
        if self._next >= len(self._tokens):
            raise ExpressionError("the expression ends too early", self._end)
        kind, text, position = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return self._made(Number(float(text)))
        if kind == "name":
            if self._take_any(frozenset("(")) is None:
                if text in FUNCTIONS:
                    raise ExpressionError(f"{text} is a function", position, f"write {text}(x)")
                return self._made(Name(text))
            return self._call(text, position)
        if text == "(":
            self._enter()
            inner = self._comparison()
            self._close(position)
            self._depth -= 1
            return inner
        raise ExpressionError(f"unexpected {text!r}", position)

    def _call(self, written: str, position: int) -> Node:
        name = _ALIASES.get(written, written)
        self._enter()
        arguments = [self._comparison()]
        while self._take_any(frozenset(",")) is not None:
            arguments.append(self._comparison())
        self._close(position)
        self._depth -= 1
        least, most = FUNCTIONS.get(name, (1, 1))
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"{written} takes {wanted} argument{'s' if most > 1 else ''}", position)
        return self._made(Call(name, tuple(arguments)))

    def _close(self, opened: int) -> None:
        if self._take_any(frozenset(")")) is None:
            if self._next < len(self._tokens):
                _, text, position = self._tokens[self._next]
                raise ExpressionError(f"expected ) before {text!r}", position)
            raise ExpressionError("a bracket is not closed", opened)

    def _take_any(self, wanted: frozenset[str]) -> str | None:
        if self._next < len(self._tokens):
            kind, text, _ = self._tokens[self._next]
            if kind == "op" and text in wanted:
                self._next += 1
                return text
        return None

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > LIMITS.expression_depth:
            self._too("deep", LIMITS.expression_depth)

    def _made(self, node: Node) -> Node:
        self._nodes += 1
        if self._nodes > LIMITS.expression_nodes:
            self._too("long", LIMITS.expression_nodes)
        return node

    def _too(self, what: str, limit: int) -> NoReturn:
        position = self._tokens[min(self._next, len(self._tokens) - 1)][2]
        raise ExpressionError(
            f"the expression is too {what}", position, f"{limit} levels or parts are allowed"
        )


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Splits an expression into (kind, text, position).

    Raises:
        ExpressionError: A character belongs to no token.
    """
    plain = text.translate(_TYPOGRAPHY)
    position = 0
    end = len(plain.rstrip())
    while position < end:
        found = _TOKEN.match(plain, position)
        if found is None:
            at = position + len(plain[position:]) - len(plain[position:].lstrip())
            raise ExpressionError(
                f"{text[at]!r} has no meaning in an expression",
                at,
                did_you_mean(text[at], (), "numbers, names, + - * / ^ and functions such as sin are allowed"),
            )
        kind = found.lastgroup or "op"
        yield kind, found[kind], found.start(kind)
        position = found.end()
