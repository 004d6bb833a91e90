"""A recogniser for GBNF, the grammar notation of llama.cpp: what the grammar accepts, without a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

Ends = frozenset[int]


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Chars:
    pattern: str


@dataclass(frozen=True)
class Rule:
    name: str


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    part: Node
    least: int
    most: int | None


Node = Literal | Chars | Rule | Sequence | Choice | Repeat

_TOKEN = re.compile(
    r"\s*(?:(?P<literal>\"(?:\\.|[^\"\\])*\")|(?P<chars>\[(?:\\.|[^\]\\])*\])|(?P<name>[a-z][a-z0-9-]*)"
    r"|(?P<count>\{\d+(?:,\d*)?\})|(?P<op>[()|*+?]))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Grammar:
    def __init__(self, text: str) -> None:
        self.rules: dict[str, Node] = {}
        for line in text.splitlines():
            name, body = line.split(" ::= ", 1)
            assert re.fullmatch(r"[a-z][a-z0-9-]*", name), name
            assert name not in self.rules, name
            self.rules[name] = _Body(body).node()

    def undefined(self) -> set[str]:
        """Rules that are used and not defined."""
        return self.used() - self.rules.keys()

    def used(self) -> set[str]:
        names: set[str] = set()
        pending: list[Node] = list(self.rules.values())
        while pending:
            match pending.pop():
                case Rule(name):
                    names.add(name)
                case Sequence(parts) | Choice(parts):
                    pending += parts
                case Repeat(part):
                    pending.append(part)
                case _:
                    pass
        return names

    def accepts(self, text: str) -> bool:
        rules = self.rules

        @cache
        def ends(node: Node, start: int) -> Ends:
            match node:
                case Literal(literal):
                    return (
                        frozenset({start + len(literal)}) if text.startswith(literal, start) else frozenset()
                    )
                case Chars(pattern):
                    return (
                        frozenset({start + 1}) if re.match(pattern, text[start : start + 1]) else frozenset()
                    )
                case Rule(name):
                    return ends(rules[name], start)
                case Choice(parts):
                    return frozenset().union(*(ends(part, start) for part in parts))
                case Sequence(parts):
                    now = frozenset({start})
                    for part in parts:
                        now = frozenset().union(*(ends(part, at) for at in now)) if now else now
                    return now
                case Repeat(part, least, most):
                    reached = frozenset({start})
                    found = reached if least == 0 else frozenset()
                    count = 0
                    while reached and (most is None or count < most):
                        count += 1
                        reached = frozenset().union(*(ends(part, at) for at in reached)) - found
                        if count >= least:
                            found |= reached
                    return found

        return len(text) in ends(Rule("root"), 0)


class _Body:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            assert found is not None, text[at : at + 40]
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or ""]))
            at = found.end()
        self._next = 0

    def node(self) -> Node:
        result = self._choice()
        assert self._next == len(self._tokens), self._tokens[self._next :][:5]
        return result

    def _choice(self) -> Node:
        parts = [self._sequence()]
        while self._peek() == ("op", "|"):
            self._next += 1
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in (None, ("op", "|"), ("op", ")")):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self) -> Node:
        node = self._atom()
        while (token := self._peek()) is not None:
            kind, text = token
            if kind == "count":
                least, _, most = text[1:-1].partition(",")
                limit = int(most) if most else None if "," in text else int(least)
                node = Repeat(node, int(least), limit)
            elif kind == "op" and text in "*+?":
                node = Repeat(node, int(text == "+"), 1 if text == "?" else None)
            else:
                break
            self._next += 1
        return node

    def _atom(self) -> Node:
        kind, text = self._tokens[self._next]
        self._next += 1
        if kind == "literal":
            return Literal(re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text[1:-1]))
        if kind == "chars":
            return Chars(text)
        if kind == "name":
            return Rule(text)
        assert text == "(", text
        node = self._choice()
        assert self._tokens[self._next] == ("op", ")")
        self._next += 1
        return node

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None
