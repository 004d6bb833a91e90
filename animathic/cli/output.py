"""What the command prints: results on stdout, everything else on stderr, one JSON document with `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table
from rich.text import Text

from animathic.client import AnimathicError

__all__ = ["Output", "as_json", "plain"]

# Terminals act on control characters; text from models and servers must not.
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if code != 10}


def plain(text: str) -> str:
    """Text from elsewhere, made safe for a terminal."""
    return text.replace("\t", "    ").translate(_CONTROLS)


def as_json(message: Message) -> dict[str, Any]:
    """A message as proto3 JSON, as the REST API writes it."""
    return MessageToDict(message)


class Output:
    """Where results, progress and errors go.

    Attributes:
        json: Whether stdout carries one JSON document instead of text.
        notes: The console for progress and errors, on stderr.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.notes = Console(stderr=True, markup=False, highlight=False, emoji=False)
        # Into a pipe or file, lines are not cut to the width of a terminal that is not there.
        width = None if sys.stdout.isatty() else 200
        self._results = Console(markup=False, highlight=False, emoji=False, width=width)

    @property
    def live(self) -> bool:
        """Whether somebody watches stderr on a terminal."""
        return self.notes.is_terminal and not self.json

    def document(self, content: object) -> None:
        """Prints the one JSON document."""
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Prints labelled lines; those without a value are left out."""
        shown = [(label, plain(value)) for label, value in rows if value]
        width = max((len(label) for label, _ in shown), default=0) + 2
        for label, value in shown:
            self._results.print(Text.assemble((label.ljust(width), "dim"), value), soft_wrap=True)

    def table(self, titles: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Prints a table."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for title in titles:
            table.add_column(title, overflow="fold")
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self._results.print(table)

    def line(self, text: str) -> None:
        """Prints a line of the result."""
        self._results.print(Text(plain(text)), soft_wrap=True)

    def note(self, text: str) -> None:
        """Prints a line about what is going on, on stderr."""
        if not self.json:
            self.notes.print(Text(plain(text)), soft_wrap=True)

    def error(self, error: AnimathicError, **more: object) -> None:
        """Prints an error: one line with reason and advice, then the fields at fault; or as JSON.

        Args:
            error: The error.
            more: What else the JSON document holds, for example the animation.
        """
        if self.json:
            self.document({"error": error.as_dict(), **more})
            return
        wait = f" (try again in {error.retry_after:.0f} s)" if error.retry_after else ""
        line = Text.assemble(("error", "bold red"), f" {plain(error.reason)}: {plain(error.message)}{wait}")
        self.notes.print(line, soft_wrap=True)
        for violation in error.violations:
            if violation.description and violation.description not in error.message:
                self.notes.print(
                    Text(f"  {plain(violation.field)}: {plain(violation.description)}"), soft_wrap=True
                )
