# ruff: noqa: E501 - lists of wordings read better in long lines
"""The storyboard of a cast and its steps."""

from __future__ import annotations

from collections.abc import Iterable

from .story import Groups, Step
from .things import Cast


class Board:
    """Definitions in order of mention, then steps; what is not on the stage yet is shown when it is needed."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._places: dict[int, str] = {}
        self._row: dict[int, str] = {}
        self._axes_shown = False
        self._shown: set[int] = set()
        self.lines: list[str] = []

    def place(self, index: int, words: str) -> None:
        """Sets where a thing stands; `{0}`, `{1}` … are the names of the things of the cast."""
        self._places[index] = words

    def row(self, index: int, relation: str = "right") -> None:
        """The members of a thing with a count stand one after another."""
        self._row[index] = relation

    def show(self, indices: Iterable[int]) -> None:
        """Shows what is not shown: shapes are created, words are written."""
        new = [i for i in indices if i not in self._shown]
        for i in new:
            self._show_axes_of(i)
        drawn = [n for i in new if not self._cast.things[i].written for n in self._names(i)]
        written = [n for i in new if self._cast.things[i].written for n in self._names(i)]
        if drawn:
            self.lines.append("create " + " ".join(drawn))
        if written:
            self.lines.append("write " + " ".join(written))
        self._shown.update(new)
        self._axes_shown = self._axes_shown or any(self._cast.things[i].kind.startswith("axes") for i in new)

    def _show_axes_of(self, index: int) -> None:
        """A plot's axes come before it, even if nobody spoke of them."""
        cast = self._cast
        if not cast.things[index].kind.startswith("plot") or self._axes_shown:
            return
        self._names(index)
        self._axes_shown = True
        explicit = [i for i, t in enumerate(cast.things) if t.kind.startswith("axes") and i in cast.names]
        if explicit:
            self.show(explicit)
        else:
            self.lines.append(f"create {cast.axes}")

    def _names(self, index: int) -> list[str]:
        self._cast.meet(index)
        return self._cast.names[index]

    def run(self, groups: Groups, *, stagger: str = "") -> None:
        """Adds the steps of a story."""
        for group in groups:
            needed: list[int] = []
            for step in group:
                if not step.act.shows:
                    needed += step.targets
                if step.act.uses and step.other is not None:
                    needed.append(step.other)
                if step.place is not None:
                    self.place(step.targets[0], f"{step.place[0]}={{{step.place[1]}}}")
                    needed.append(step.place[1])
                if step.spot is not None:
                    self.place(step.targets[0], step.spot[1])
            going = {i for s in group if s.act.shows for i in s.targets}
            self.show([i for i in dict.fromkeys(needed) if i not in going])
            for i in going:
                self._show_axes_of(i)
            statements = [self._statement(s) for s in group]
            if stagger and len(group) == 1 and group[0].act.shows:
                names = [n for i in group[0].targets for n in self._names(i)]
                word = statements[0].split()[0]
                if stagger == "lag":
                    self.lines += ["lag 0.2:", *(f"  {word} {n}" for n in names)]
                else:
                    self.lines += [f"{word} {n}" for n in names]
            else:
                self.lines.append(" & ".join(statements))
            for step in group:
                if step.act.shows:
                    self._shown.update(step.targets)
                    if any(self._cast.things[i].kind.startswith("axes") for i in step.targets):
                        self._axes_shown = True
                if step.act.becomes and step.other is not None:
                    self._shown.add(step.other)

    def _statement(self, step: Step) -> str:
        names = " ".join(n for i in step.targets for n in self._names(i))
        other = " ".join(self._names(step.other)) if step.other is not None else ""
        run_time = f" {step.tempo[1]}" if step.tempo else ""
        return step.act.statement.replace("{names}", names).replace("{other}", other) + run_time

    def text(self) -> str:
        """Returns the storyboard."""
        cast = self._cast
        lines = []
        flat = {i: names[0] for i, names in cast.names.items()}
        everything = [flat.get(i, "?") for i in range(len(cast.things))]
        if cast.own_axes:
            lines.append(f"{cast.axes} = axes")
        for index in cast.names:
            thing = cast.things[index]
            for position, name in enumerate(cast.names[index]):
                words = [thing.kind.replace("AXES", cast.axes), thing.color, *thing.words]
                place = self._places.get(index, "")
                if position and index in self._row:
                    place = f"{self._row[index]}={cast.names[index][position - 1]}"
                words.append(place.format(*everything))
                lines.append(f"{name} = " + " ".join(w for w in words if w))
        return "\n".join([*sorted(lines), *self.lines])
