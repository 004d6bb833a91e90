"""Checks a storyboard while it is being written."""

from __future__ import annotations

from collections.abc import Iterator

from animathic.scene.fields import check_statement
from animathic.scene.issues import Code, Issue, Severity
from animathic.scene.limits import LIMITS
from animathic.scene.parser import Reader
from animathic.scene.relations import check_mentions
from animathic.scene.validation import ValidationResult, validate

__all__ = ["StoryboardStream"]

_LATER = frozenset({Code.UNDEFINED_ELEMENT, Code.UNDEFINED_FUNCTION})
"""What later lines may still put right."""


class StoryboardStream:
    """Takes a storyboard in pieces and says what is wrong with each line as soon as it is complete.

    What only the whole can show (names that are never defined, what is on the stage, cycles, the total time)
    comes with `close`.
    """

    def __init__(self) -> None:
        self._reader = Reader()
        self._pending = ""
        self._number = 0
        self._characters = 0

    @property
    def lines(self) -> int:
        """How many lines are complete."""
        return self._number

    def feed(self, chunk: str) -> list[Issue]:
        """Takes the next piece of text.

        Args:
            chunk: Any piece, however cut.

        Returns:
            The errors of the lines that it completes.
        """
        if self._reader.full:
            return []
        self._characters += len(chunk)
        before = len(self._reader.issues)
        if self._characters > LIMITS.characters:
            self._reader.refuse("the storyboard is too long", f"{LIMITS.characters} characters are allowed")
            return self._reader.issues[before:]
        *complete, self._pending = (self._pending + chunk).split("\n")
        found: list[Issue] = []
        for line in complete:
            found += self._line(line)
        return found

    def close(self) -> ValidationResult:
        """Ends the storyboard: all issues of all lines and of the whole, those reported before included."""
        if self._pending:
            self._line(self._pending)
            self._pending = ""
        document = self._reader.finish()
        return validate(document.scene, document)

    def _line(self, text: str) -> list[Issue]:
        self._number += 1
        before = len(self._reader.issues)
        self._reader.line(self._number, text.removesuffix("\r"))
        unread = self._reader.issues[before:]
        return [*unread, *self._fields({issue.path for issue in unread})]

    def _fields(self, unread: set[str]) -> Iterator[Issue]:
        kinds = {
            e.name: kind for e in self._reader.scene.elements if (kind := e.WhichOneof("kind")) is not None
        }
        for statement, holder, path in self._reader.take():
            for issue in check_statement(statement, holder, path):
                # A line whose words could not be read misses fields for that reason.
                if not (issue.code is Code.MISSING_FIELD and unread):
                    yield self._reader.source.located(issue)
            if statement.kind:
                for issue in check_mentions(statement, holder, path, kinds, {}):
                    if issue.code not in _LATER and issue.severity is Severity.ERROR:
                        yield self._reader.source.located(issue)
