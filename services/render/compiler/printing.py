"""Prints what the compiler wrote as a Python module for the plain `manim` command."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Sequence

import manim

from services.render.compiler.code import (
    SELF,
    Assign,
    Attribute,
    Call,
    Comment,
    Do,
    Function,
    Item,
    Listing,
    Literal,
    Node,
    Operation,
    Reference,
    Splat,
    Statement,
    Store,
    Symbol,
    Table,
)
from services.render.compiler.machine import NAMES

__all__ = ["class_name", "expression", "module"]

_WIDTH = 100
_PRECEDENCE = {
    "<": 1,
    "<=": 1,
    ">": 1,
    ">=": 1,
    "==": 1,
    "!=": 1,
    "+": 2,
    "-": 2,
    "*": 3,
    "/": 3,
    "%": 3,
    "**": 5,
}
_SIGN, _ATOM = 4, 9
_LEFT_ONLY = frozenset({"-", "/", "%"})


def module(
    class_name: str, statements: Iterable[Statement], *, title: str = "", preamble: Sequence[str] = ()
) -> str:
    """A module with one scene class.

    Args:
        class_name: The class's name, an identifier.
        statements: The body of `construct`.
        title: What the scene is called; becomes the docstring.
        preamble: Lines of configuration before the class; they come from the compiler.
    """
    body: list[str] = []
    for statement in statements:
        body += _statement(statement)
    if not body:
        body = ["self.wait()"]
    lines = ["from manim import *", ""]
    lines += [*preamble, ""] if preamble else []
    lines += ["", f"class {class_name}(Scene):"]
    if title:
        lines += [f"    {title!r}", ""]
    lines += ["    def construct(self):", *(f"        {line}".rstrip() for line in body)]
    return "\n".join(lines) + "\n"


def class_name(title: str) -> str:
    """A class name for a scene's title: `Red circle to blue square` is `RedCircleToBlueSquare`.

    It shadows nothing that the module uses: `Circle` is `CircleScene`.
    """
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title).split()
    name = "".join(word[0].upper() + word[1:] for word in words)[:60].lstrip("0123456789")
    if not name.isidentifier() or keyword.iskeyword(name) or len(name) <= 2:
        return "AnimathicScene"
    while name in NAMES or hasattr(manim, name) or hasattr(builtins, name):
        name += "Scene"
    return name


def _statement(statement: Statement) -> list[str]:
    match statement:
        case Comment(text):
            return ["", "# " + "".join(letter if letter.isprintable() else " " for letter in text)]
        case Assign(name, value):
            return _lines(f"{name} = ", value)
        case Store(owner, name, value):
            return _lines(f"{expression(owner, _ATOM)}.{name} = ", value)
        case Do(value):
            return _lines("", value)


def _lines(prefix: str, node: Node) -> list[str]:
    """One line, or a call broken into one argument a line where that is too long."""
    flat = prefix + expression(node)
    if len(flat) + 8 <= _WIDTH or not isinstance(node, Call) or not (node.arguments or node.keywords):
        return [flat]
    root, links = _links(node)
    if len(links) > 1 and isinstance(root, Call):
        # A chain reads one call a line, in brackets.
        inner = [*_lines("", root)]
        for link in links:
            inner += _lines(".", link)
        return [f"{prefix}(", *(f"    {line}" for line in inner), ")"]
    lines = [f"{prefix}{expression(node.function, _ATOM)}("]
    parts: list[tuple[str, Node]] = [("", argument) for argument in node.arguments]
    parts += [(f"{name}=", value) for name, value in node.keywords]
    for start, part in parts:
        inner = _lines(start, part)
        inner[-1] += ","
        lines += [f"    {line}" for line in inner]
    return [*lines, ")"]


def _links(node: Node) -> tuple[Node, list[Call]]:
    """What a chain of method calls starts with, and its calls; each call's function is a `Symbol`."""
    links: list[Call] = []
    while isinstance(node, Call) and isinstance(node.function, Attribute):
        if node.function.owner == SELF:
            break
        links.append(Call(Symbol(node.function.name), node.arguments, node.keywords))
        node = node.function.owner
    return node, links[::-1]


def expression(node: Node, least: int = 0) -> str:
    """The Python text of a node, in brackets where its precedence is below `least`."""
    text, precedence = _text(node)
    return f"({text})" if precedence < least else text


def _text(node: Node) -> tuple[str, int]:
    match node:
        case Literal(value):
            text = repr(value)
            return text, _SIGN if text.startswith("-") else _ATOM
        case Symbol(name) | Reference(name):
            return name, _ATOM
        case Listing(items):
            return "[" + ", ".join(expression(item) for item in items) + "]", _ATOM
        case Table(items):
            return "{" + ", ".join(f"{name!r}: {expression(value)}" for name, value in items) + "}", _ATOM
        case Attribute(owner, name):
            return f"{expression(owner, _ATOM)}.{name}", _ATOM
        case Item(owner, index):
            return f"{expression(owner, _ATOM)}[{index}]", _ATOM
        case Splat(value):
            return "*" + expression(value, _SIGN), 0
        case Call(function, arguments, keywords):
            parts = [expression(argument) for argument in arguments]
            parts += [f"{name}={expression(value)}" for name, value in keywords]
            return f"{expression(function, _ATOM)}({', '.join(parts)})", _ATOM
        case Operation(operator, None, right):
            return operator + expression(right, _SIGN), _SIGN
        case Operation(operator, left, right) if left is not None:
            own = _PRECEDENCE[operator]
            if operator == "**":
                return f"{expression(left, own + 1)}**{expression(right, _SIGN)}", own
            after = own + 1 if operator in _LEFT_ONLY or own == 1 else own
            before = own + 1 if own == 1 else own
            return f"{expression(left, before)} {operator} {expression(right, after)}", own
        case Function(parameters, body):
            return f"lambda {', '.join(parameters)}: {expression(body)}", 0
        case _:
            raise TypeError(f"cannot print {node!r}")
