"""Whether a scene makes sense, as far as that can be known without typesetting or drawing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from animathic.scene.document import Document
from animathic.scene.fields import check_statement
from animathic.scene.issues import Code, Issue, SceneError, Severity
from animathic.scene.limits import LIMITS
from animathic.scene.parser import read
from animathic.scene.plots import check_plots
from animathic.scene.reading import NAME
from animathic.scene.registry import language
from animathic.scene.relations import check_mentions, cycle, longest_chain, mentions
from animathic.scene.rules import check_element_rules, check_step_rules
from animathic.scene.stage import Stage, leaves_of
from animathic.scene.timing import scene_seconds
from animathic.scene.vocabulary import fold
from animathic.v1 import scene_pb2

__all__ = ["ValidationResult", "check", "validate"]


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What validation found.

    Attributes:
        errors: What is wrong; the scene can be rendered only if there is nothing.
        notes: What is worth knowing: things shown first, things never shown.
        seconds: The length of the video; 0 if there are errors.
        scene: What was validated.
    """

    errors: tuple[Issue, ...]
    notes: tuple[Issue, ...]
    seconds: float
    scene: scene_pb2.Scene

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    def raise_for_errors(self) -> scene_pb2.Scene:
        """The scene.

        Raises:
            SceneError: There are errors.
        """
        if self.errors:
            raise SceneError(self.errors)
        return self.scene


def check(text: str) -> ValidationResult:
    """Reads a storyboard and validates what it says, with all problems of both in order of lines."""
    document = read(text)
    return validate(document.scene, document)


def validate(scene: scene_pb2.Scene, document: Document | None = None) -> ValidationResult:
    """Validates a scene.

    Args:
        scene: The scene.
        document: The storyboard it was read from, if it was: issues then have lines, and what could not be
            read is among the errors.
    """
    found = list(_issues(scene, document.unreadable if document is not None else {}))
    if document is not None:
        # A field that could not be read is missing for that reason: one issue for it is enough.
        unread = {issue.path for issue in document.issues if issue.path}
        found = [i for i in found if not (i.code is Code.MISSING_FIELD and _is_about(i.path, unread))]
        if document.issues:
            found = [i for i in found if i.code not in _CONSEQUENCES]
        found = [document.source.located(issue) for issue in found]
        reported = {(issue.code, issue.line) for issue in document.issues}
        found = [i for i in found if (i.code, i.line) not in reported]
        found = sorted([*document.issues, *found], key=lambda issue: issue.line or math.inf)
    errors = tuple(i for i in found if i.severity is Severity.ERROR)[: LIMITS.issues]
    if len(errors) > 1:
        # That nothing is shown is what other mistakes lead to.
        errors = tuple(i for i in errors if i.code is not Code.EMPTY_SCENE)
    notes = tuple(i for i in found if i.severity is Severity.NOTE)[: LIMITS.issues]
    return ValidationResult(errors, notes, 0.0 if errors else scene_seconds(scene), scene)


_CONSEQUENCES = frozenset({Code.EMPTY_SCENE, Code.NOT_SHOWN, Code.NOTHING_SHOWN, Code.NEVER_SHOWN})
"""Issues that unreadable lines alone can bring about."""


def _is_about(path: str, unread: Iterable[str]) -> bool:
    return any(path.startswith(one) or one.startswith(path) for one in unread)


def _issues(scene: scene_pb2.Scene, unreadable: Mapping[str, int]) -> Iterator[Issue]:
    too_large = list(_size(scene))
    yield from too_large
    if too_large:
        return
    yield from _letters(scene)
    yield from check_statement(language().heading, scene, "")
    if scene.HasField("canvas"):
        yield from check_statement(language().canvas, scene.canvas, "canvas")
    kinds = _kinds(scene)
    sound = True
    for index, element in enumerate(scene.elements):
        for issue in _element(element, f"elements[{index}]", scene, index, kinds, unreadable):
            sound = False
            yield issue
    needs = _needs(scene)
    circle = cycle(needs)
    if circle:
        index = next(i for i, element in enumerate(scene.elements) if element.name == circle[0])
        message = "elements depend on each other in a circle: " + " -> ".join(circle)
        yield Issue(Code.CYCLE, message, f"elements[{index}]")
    elif len(chain := longest_chain(needs)) > LIMITS.chain:
        index = next(i for i, element in enumerate(scene.elements) if element.name == chain[0])
        message = f"{len(chain)} elements hang on one another in a chain, from {chain[0]} to {chain[-1]}"
        advice = f"{LIMITS.chain} are allowed; let fewer depend on one another"
        yield Issue(Code.TOO_DEEP, message, f"elements[{index}]", advice=advice)
    elif sound:
        yield from check_plots(scene)
    steps = list(_steps(scene.steps, "steps", 0, kinds, unreadable))
    yield from steps
    if not any(issue.code is Code.TOO_DEEP for issue in steps):
        yield from _stage(scene)
        yield from _time(scene)


def _size(scene: scene_pb2.Scene) -> Iterator[Issue]:
    size = scene.ByteSize()
    if size > LIMITS.bytes:
        yield Issue(Code.TOO_LONG, f"the scene has {size} bytes", advice=f"{LIMITS.bytes} are allowed")
    if len(scene.elements) > LIMITS.elements:
        message = f"the scene has {len(scene.elements)} elements"
        yield Issue(Code.TOO_MANY, message, "elements", advice=f"{LIMITS.elements} are allowed")
    steps = _count(scene.steps)
    if steps > LIMITS.steps:
        message = f"the scene has more than {LIMITS.steps} steps"
        yield Issue(Code.TOO_MANY, message, "steps")


def _letters(scene: scene_pb2.Scene) -> Iterator[Issue]:
    letters = 0
    for index, element in enumerate(scene.elements):
        kind = element.WhichOneof("kind")
        if kind not in _LETTERS:
            continue
        words = _LETTERS[kind](element)
        if letters <= LIMITS.letters < letters + words:
            message = "the texts and formulas of the scene have more than "
            message += f"{LIMITS.letters} characters together"
            advice = "shorten them, or leave some out"
            yield Issue(Code.TOO_LONG, message, f"elements[{index}]", advice=advice)
        letters += words


_LETTERS: Mapping[str | None, Callable[[scene_pb2.Element], int]] = {
    "text": lambda element: len(element.text.text),
    "math": lambda element: len(element.math.tex),
    "axes": lambda element: sum(map(len, element.axes.labels)),
}
"""What each kind of element that is written in letters has of them."""


def _count(steps: Iterable[scene_pb2.Step]) -> int:
    return sum(1 + _count(_inner(step)) for step in steps)


def _inner(step: scene_pb2.Step) -> Sequence[scene_pb2.Step]:
    """The steps inside a block; none of an action."""
    kind = step.WhichOneof("kind")
    if kind is None or not language().steps[kind].notation.block:
        return ()
    inner: Sequence[scene_pb2.Step] = getattr(step, kind).steps
    return inner


def _kinds(scene: scene_pb2.Scene) -> dict[str, str]:
    """The kind of each element, by name."""
    return {e.name: kind for e in scene.elements if (kind := e.WhichOneof("kind")) is not None}


def _element(
    element: scene_pb2.Element,
    path: str,
    scene: scene_pb2.Scene,
    index: int,
    kinds: Mapping[str, str],
    unreadable: Mapping[str, int],
) -> Iterator[Issue]:
    yield from _name(element.name, path)
    for earlier in range(index):
        if element.name and scene.elements[earlier].name == element.name:
            message = f'"{element.name[:40]}" is defined already'
            yield Issue(
                Code.DUPLICATE_NAME, message, f"{path}.name", advice=f"elements[{earlier}] has that name"
            )
            break
    kind = element.WhichOneof("kind")
    if kind is None:
        yield Issue(Code.UNKNOWN_KIND, f'"{element.name[:40]}" has no kind', path)
        return
    statement = language().elements[kind]
    yield from check_statement(statement, element, path)
    yield from check_mentions(statement, element, path, kinds, unreadable)
    yield from check_element_rules(element, path)


def _name(name: str, path: str) -> Iterator[Issue]:
    place = f"{path}.name"
    if not NAME.fullmatch(name):
        yield Issue(
            Code.BAD_NAME, f"{name[:40]!r} is not a name", place, advice="write letters, digits and _"
        )
    elif len(name) > LIMITS.name_length:
        advice = f"{LIMITS.name_length} are allowed"
        yield Issue(Code.TOO_LONG, f"a name of {len(name)} characters", place, advice=advice)
    elif fold(name) in language().reserved:
        advice = f"call it {name}_1, say"
        yield Issue(Code.RESERVED_NAME, f'"{name}" is a word of the language', place, advice=advice)


def _needs(scene: scene_pb2.Scene) -> dict[str, list[str]]:
    """For each element, the elements its definition names."""
    needs: dict[str, list[str]] = {}
    for element in scene.elements:
        kind = element.WhichOneof("kind")
        if kind is not None:
            found = mentions(language().elements[kind], element, "")
            needs[element.name] = [one.name for one in found]
    return needs


def _steps(
    steps: Sequence[scene_pb2.Step],
    path: str,
    depth: int,
    kinds: Mapping[str, str],
    unreadable: Mapping[str, int],
) -> Iterator[Issue]:
    for index, step in enumerate(steps):
        place = f"{path}[{index}]"
        kind = step.WhichOneof("kind")
        if kind is None:
            yield Issue(Code.UNKNOWN_STATEMENT, "the step says nothing", place)
            continue
        statement = language().steps[kind]
        yield from check_statement(statement, step, place)
        yield from check_mentions(statement, step, place, kinds, unreadable)
        yield from check_step_rules(step, place)
        known = {field.path for field in statement.fields}
        for name in ("run_time", "easing"):
            given = step.HasField("run_time") if name == "run_time" else bool(step.easing)
            if given and (name,) not in known:
                yield Issue(Code.INSTANT_TIMED, f"{statement.keyword} has no {name}", f"{place}.{name}")
        if statement.notation.instant and depth:
            advice = "put it on a line of its own"
            message = f"{statement.keyword} takes no time and cannot be part of a block"
            yield Issue(Code.INSTANT_IN_GROUP, message, place, advice=advice)
        if not statement.notation.block:
            continue
        inner = _inner(step)
        if not inner:
            advice = "indent its lines by two"
            yield Issue(
                Code.EMPTY_BLOCK, f"{statement.keyword}: the block has no steps", place, advice=advice
            )
        if depth >= LIMITS.nesting:
            yield Issue(Code.TOO_DEEP, f"more than {LIMITS.nesting} blocks inside each other", place)
            continue
        yield from _steps(inner, f"{place}.{kind}.steps", depth + 1, kinds, unreadable)


def _stage(scene: scene_pb2.Scene) -> Iterator[Issue]:
    stage = Stage(leaves_of(scene.elements))
    for index, step in enumerate(scene.steps):
        yield from _walk(stage, step, f"steps[{index}]")
    if not stage.ever_shown:
        advice = "for example: create a" if scene.elements else "define elements and show them"
        yield Issue(Code.EMPTY_SCENE, "nothing is ever shown", advice=advice)
        return
    used = {name for needed in _needs(scene).values() for name in needed} | set(_mentioned(scene.steps))
    own = leaves_of(scene.elements)
    for index, element in enumerate(scene.elements):
        name = element.name
        if name not in used and not stage.ever_shown.intersection(own.get(name, ())):
            message = f'"{name}" is never shown'
            yield Issue(Code.NEVER_SHOWN, message, f"elements[{index}]", severity=Severity.NOTE)


def _mentioned(steps: Iterable[scene_pb2.Step]) -> Iterator[str]:
    for step in steps:
        kind = step.WhichOneof("kind")
        if kind is not None:
            yield from (one.name for one in mentions(language().steps[kind], step, ""))
            yield from _mentioned(_inner(step))


def _walk(stage: Stage, step: scene_pb2.Step, path: str) -> Iterator[Issue]:
    """The issues of a step and of the steps inside it."""
    inner = _inner(step)
    if not inner:
        yield from stage.apply(step, path).issues
        return
    kind = step.WhichOneof("kind")
    busy: dict[str, str] = {}
    for index, one in enumerate(inner):
        place = f"{path}.{kind}.steps[{index}]"
        if kind == "together" and not _inner(one):
            yield from _animated_twice(stage, one, place, busy)
        yield from _walk(stage, one, place)


def _animated_twice(stage: Stage, step: scene_pb2.Step, path: str, busy: dict[str, str]) -> Iterator[Issue]:
    kind = step.WhichOneof("kind")
    if kind is None:
        return
    fields = [f for f in language().steps[kind].fields if f.path[-1] in ("targets", "source")]
    for one in mentions(language().steps[kind], step, path):
        if not any(one.path.startswith(".".join((path, *f.path))) for f in fields):
            continue
        for leaf in stage.means(one.name) or (one.name,):
            if busy.setdefault(leaf, path) != path:
                message = f'{language().steps[kind].keyword}: "{one.name}" is animated twice at the same time'
                yield Issue(Code.ANIMATED_TWICE, message, one.path, severity=Severity.NOTE)
                break


def _time(scene: scene_pb2.Scene) -> Iterator[Issue]:
    seconds = scene_seconds(scene)
    if not math.isfinite(seconds):
        return  # The field check has said which number is not finite.
    if seconds > LIMITS.seconds:
        message = f"the scene takes {seconds:.0f} seconds"
        yield Issue(Code.TOO_LONG, message, advice=f"{LIMITS.seconds:.0f} are allowed")
    elif seconds * LIMITS.frames_per_second > LIMITS.frames:
        message = f"the scene has {seconds * LIMITS.frames_per_second:.0f} frames"
        yield Issue(Code.TOO_LONG, message, advice=f"{LIMITS.frames} are allowed")
