"""The grammar that makes a local model write nothing but storyboards: GBNF, as llama.cpp reads it.

It accepts the canonical form only, with numbers, names and expressions of the sizes that models need.
Repetitions are small or open: large counted ones take llama.cpp too long. What a grammar cannot say (that a
name is defined, that a number is in range) is left to validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from animathic.scene.expressions import CONSTANTS
from animathic.scene.limits import LIMITS
from animathic.scene.registry import Field, Shape, Statement, enum_words, language
from animathic.scene.vocabulary import COLORS, DIRECTIONS
from animathic.v1 import scene_pb2

__all__ = ["scene_grammar"]

_LEVELS = 2
"""How deep blocks with lines of their own can be."""


@cache
def scene_grammar() -> str:
    """The grammar of a model's answer: `decline "reason"`, or definitions, an empty line and steps."""
    return _Grammar().text()


class _Grammar:
    def __init__(self) -> None:
        self._rules: dict[str, str] = {}

    def text(self) -> str:
        lang = language()
        self._rules["root"] = "decline | scene"
        self._rules["decline"] = r'"decline " string "\n"'
        heading = self._statement(lang.heading)
        canvas = self._statement(lang.canvas)
        self._rules["step"] = self._step(0)
        self._rules["scene"] = rf'({heading} "\n")? ({canvas} "\n")? (definition "\n")+ "\n" step+'
        kinds = [self._statement(statement) for statement in lang.elements.values()]
        self._rules["definition"] = f'name " = " ({" | ".join(kinds)})'
        self._rules["action"] = " | ".join(
            self._statement(s) for s in lang.steps.values() if not s.notation.block
        )
        self._values()
        return "".join(f"{name} ::= {body}\n" for name, body in self._rules.items())

    def _rule(self, name: str, body: str) -> str:
        self._rules[name] = body
        return name

    def _step(self, level: int) -> str:
        """A step with its indentation and line break."""
        indent = "  " * level
        actions = 'action (" & " action)*'
        start = f"{_literal(indent)} " if level else ""
        lines = [rf'{start}{actions} "\n"']
        blocks = [s for s in language().steps.values() if s.notation.block]
        for block in blocks:
            header = self._statement(block)
            if block.kind != "sequence":
                lines.append(rf'{start}{header} ": " {actions} "\n"')
            if level < _LEVELS:
                inner = f"step-{level + 1}"
                if inner not in self._rules:
                    self._rules[inner] = ""
                    self._rules[inner] = self._step(level + 1)
                lines.append(rf'{start}{header} ":\n" {inner}+')
        return " | ".join(lines)

    def _statement(self, statement: Statement) -> str:
        """The rule of a statement, made if need be."""
        name = "s-" + (statement.kind or statement.keyword).replace("_", "-")
        if name not in self._rules:
            self._rules[name] = ""
            forms = [f"{_literal(statement.keyword)} {self._words(statement.fields)}".rstrip()]
            for shorthand in statement.shorthands:
                rest = [field for field in statement.fields if field is not shorthand.field]
                forms.append(f"{_literal(shorthand.keyword)} {self._words(rest)}".rstrip())
            self._rules[name] = " | ".join(forms)
        return name

    def _words(self, fields: Sequence[Field]) -> str:
        positional = [field for field in fields if field.position]
        others = [field for field in fields if not field.position]
        parts = [self._positional(positional)]
        for prefix, run in groupby(others, lambda field: (field.path[:-1], field.notation.bare)):
            parts.append(self._shared(list(run), *prefix))
        return " ".join(part for part in parts if part)

    def _shared(self, fields: Sequence[Field], prefix: tuple[str, ...], bare: bool) -> str:
        """The words of fields that many statements share, such as style: a rule of their own."""
        words = " ".join(self._others(fields))
        if bare or len(fields) < 4:
            return words
        return self._rule("f-" + "-".join(prefix).replace("_", "-"), words)

    def _positional(self, fields: Sequence[Field]) -> str:
        """Positional fields; once one is left out, the rest are written with their keywords."""
        if not fields:
            return ""
        first, rest = fields[0], fields[1:]
        bare = f'" " {self._bare(first)} {self._positional(rest)}'.rstrip()
        if first.notation.required:
            return bare
        keyed = " ".join(f"({_literal(f' {field.keyword}=')} {self._value(field)})?" for field in rest)
        return f"({bare} | {keyed})" if keyed else f"({bare})?"

    def _others(self, fields: Sequence[Field]) -> Iterable[str]:
        """Fields in the order in which they are printed, those that exclude each other as a choice."""
        done: set[str] = set()
        for field in fields:
            oneof = field.descriptor.containing_oneof
            if oneof is None or (field.descriptor.has_presence and len(oneof.fields) == 1):
                yield f"({self._word(field)})?"
            elif oneof.full_name not in done:
                done.add(oneof.full_name)
                rivals = [f for f in fields if f.descriptor.containing_oneof is oneof]
                yield f"({' | '.join(self._word(rival) for rival in rivals)})?"

    def _word(self, field: Field) -> str:
        if field.notation.bare and field.shape is Shape.FLAG:
            return _literal(f" {field.keyword}")
        if field.notation.bare:
            return f'" " {self._value(field)}'
        return f"{_literal(f' {field.keyword}=')} {self._value(field)}"

    def _bare(self, field: Field) -> str:
        if field.shape is Shape.REFERENCES:
            return 'name (" " name)*'
        return "displacement" if field.shape is Shape.VECTOR else self._value(field)

    def _value(self, field: Field) -> str:
        signed = not field.notation.HasField("minimum") or field.notation.minimum < 0
        match field.shape:
            case Shape.NUMBER:
                return "number" if signed else "size"
            case Shape.INTEGER:
                return "[0-9]{1,3}"
            case Shape.ANGLE:
                return 'number "deg"'
            case Shape.SECONDS:
                return 'size "s"'
            case Shape.FLAG:
                return '("yes" | "no")'
            case Shape.WORD:
                return self._choice(field)
            case Shape.STRINGS:
                return '"[" string ("," string)* "]"'
            case Shape.REFERENCE:
                return "name"
            case Shape.REFERENCES:
                return '"[" name ("," name)* "]"'
            case shape:
                return shape.name.lower()

    def _choice(self, field: Field) -> str:
        enum: Any = field.descriptor.enum_type
        return self._rule(f"w-{enum.name.lower()}", trie(enum_words(enum).printed.values()))

    def _values(self) -> None:
        anchor = scene_pb2.Anchor.DESCRIPTOR.fields_by_name["point"].enum_type
        anchors = trie(enum_words(anchor).printed.values())
        constants = trie(["x", *CONSTANTS])
        self._rules |= {
            "name": f"[a-zA-Z] [a-zA-Z0-9_]{{0,{LIMITS.name_length - 1}}}",
            "number": '"-"? size',
            "size": '[0-9]{1,6} ("." [0-9]{1,6})?',
            "string": r'"\"" ([^"\x00-\x1F\x7F] | "\"\"")+ "\""',
            "color": f'{trie(COLORS)} | "#" hex hex hex hex hex hex',
            "hex": "[0-9A-Fa-f]",
            "coordinates": '"(" number "," number ("," number)? ")"',
            "point": f'coordinates | name ("." {anchors} | "@" size | "(" arguments ")")?',
            "arguments": 'expression ("," expression)*',
            "direction": trie(DIRECTIONS),
            "vector": "direction | coordinates",
            "displacement": 'direction (" " size)? | coordinates',
            "range": '"[" number "," number ("," number)? "]"',
            "expression": 'sum (("<=" | ">=" | "<" | ">") sum)?',
            "sum": 'product (("+" | "-") product)*',
            "product": 'factor (("*" | "/") factor)*',
            "factor": '"-"? atom ("^" "-"? atom)*',
            "atom": f'size | {constants} | call | "(" expression ")"',
            "call": 'name "(" arguments ")"',
        }


def trie(words: Iterable[str]) -> str:
    """A choice between words that shares their beginnings, so that few alternatives are open at a time."""
    heads: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        heads.setdefault(word[:1], []).append(word[1:])
    choices: list[str] = []
    for head, tails in heads.items():
        if not head:
            continue
        while len(tails) > 0 and all(tails) and len({tail[0] for tail in tails}) == 1:
            head += tails[0][0]
            tails = [tail[1:] for tail in tails]
        longer = [tail for tail in tails if tail]
        if not longer:
            choices.append(_literal(head))
        else:
            optional = "?" if len(longer) < len(tails) else ""
            choices.append(f"{_literal(head)} {_grouped(trie(longer))}{optional}")
    return " | ".join(choices) if len(choices) == 1 else f"({' | '.join(choices)})"


def _grouped(body: str) -> str:
    return body if body.startswith("(") and body.endswith(")") and _closes_at_end(body) else f"({body})"


def _closes_at_end(body: str) -> bool:
    depth = 0
    for position, character in enumerate(body):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return position == len(body) - 1
    return False


def _literal(text: str) -> str:
    return json.dumps(text)
