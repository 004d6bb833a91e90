"""Path templates of `google.api.http`: their grammar, and percent-decoding of what they match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

STAR = "*"
DOUBLE_STAR = "**"

_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()+,;=@%-]+")
_FIELD_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_SLASH = re.compile(r"(%2[Ff])")


class TemplateError(ValueError):
    """A path template that breaks the grammar: a defect of the contract, found when routes are built."""


class EscapeError(ValueError):
    """A path or query with a malformed percent escape or bytes that are not UTF-8."""


@dataclass(frozen=True)
class Variable:
    """A part of the path that is bound to a request field.

    Attributes:
        field_path: Proto field path, for example `model_alias.name`.
        start: Index of the first segment that it covers.
        end: Index after the last; for a variable that ends in `**` the match may be longer or shorter.
        open_ended: Whether its last segment is `**`.
    """

    field_path: str
    start: int
    end: int
    open_ended: bool

    @property
    def single(self) -> bool:
        """Whether it covers exactly one segment, whose escapes are then all decoded."""
        return not self.open_ended and self.end - self.start == 1


@dataclass(frozen=True)
class PathTemplate:
    """A parsed template: flat segments (literals decoded, `*`, `**`), variables over them, and a verb."""

    source: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str

    def bind(self, raw_segments: tuple[str, ...]) -> dict[str, str]:
        """Field paths with their decoded text, for raw segments that match this template.

        Raises:
            EscapeError: A segment is not well-formed percent-encoded UTF-8.
        """
        bound: dict[str, str] = {}
        for variable in self.variables:
            covered = raw_segments[variable.start : None if variable.open_ended else variable.end]
            if variable.single:
                bound[variable.field_path] = decode(covered[0])
            else:
                bound[variable.field_path] = "/".join(decode_keeping_slashes(part) for part in covered)
        return bound


def decode(text: str) -> str:
    """Percent-decodes to text.

    Raises:
        EscapeError: An escape is malformed, or the bytes are not UTF-8.
    """
    if "%" not in text and text.isascii():
        return text
    if _MALFORMED_ESCAPE.search(text):
        raise EscapeError("a '%' is not followed by two hexadecimal digits; write a literal '%' as '%25'")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise EscapeError("the percent-encoded bytes are not UTF-8") from None


def decode_keeping_slashes(text: str) -> str:
    """Percent-decodes, but leaves `%2F` as it is: in a value of many segments it is not a separator.

    Raises:
        EscapeError: As for `decode`.
    """
    parts = _ESCAPED_SLASH.split(text)
    return "".join(part if index % 2 else decode(part) for index, part in enumerate(parts))


def parse_template(source: str) -> PathTemplate:
    """Parses a template such as `/v1/{name=animations/*}:watch`.

    Raises:
        TemplateError: The template breaks the grammar.
    """
    return _Parser(source).parse()


class _Parser:
    """Recursive descent over `Template = "/" Segments [ ":" LITERAL ]`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._segments: list[str] = []
        self._variables: list[Variable] = []

    def parse(self) -> PathTemplate:
        self._expect("/")
        self._parse_segments(inside_variable=False)
        verb = ""
        if self._peek() == ":":
            self._at += 1
            verb = self._literal()
        if self._at != len(self._source):
            raise self._error(f"does not expect {self._source[self._at]!r}")
        names = [variable.field_path for variable in self._variables]
        if len(set(names)) != len(names):
            raise self._error("binds a field twice")
        return PathTemplate(self._source, tuple(self._segments), tuple(self._variables), verb)

    def _parse_segments(self, *, inside_variable: bool) -> None:
        while True:
            if DOUBLE_STAR in self._segments:
                raise self._error("has something after '**'")
            self._parse_segment(inside_variable=inside_variable)
            if self._peek() != "/":
                return
            self._at += 1

    def _parse_segment(self, *, inside_variable: bool) -> None:
        if self._source.startswith(DOUBLE_STAR, self._at):
            self._at += 2
            self._segments.append(DOUBLE_STAR)
        elif self._peek() == STAR:
            self._at += 1
            self._segments.append(STAR)
        elif self._peek() == "{":
            if inside_variable:
                raise self._error("nests variables")
            self._parse_variable()
        else:
            self._segments.append(decode(self._literal()))

    def _parse_variable(self) -> None:
        self._expect("{")
        match = _FIELD_PATH.match(self._source, self._at)
        if match is None:
            raise self._error("expects a field path after '{'")
        self._at = match.end()
        start = len(self._segments)
        if self._peek() == "=":
            self._at += 1
            self._parse_segments(inside_variable=True)
        else:
            self._segments.append(STAR)
        self._expect("}")
        open_ended = self._segments[-1] == DOUBLE_STAR
        self._variables.append(Variable(match.group(), start, len(self._segments), open_ended))

    def _literal(self) -> str:
        match = _LITERAL.match(self._source, self._at)
        if match is None:
            raise self._error("expects a literal")
        self._at = match.end()
        return match.group()

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise self._error(f"expects {character!r}")
        self._at += 1

    def _error(self, what: str) -> TemplateError:
        return TemplateError(f"path template {self._source!r} {what} at position {self._at}")
