"""What the fields of one element or step have to be together."""

from __future__ import annotations

from collections.abc import Iterator

from animathic.scene.issues import Code, Issue, Severity
from animathic.v1 import scene_pb2

__all__ = ["check_element_rules", "check_step_rules"]

_BESIDE = frozenset({"left", "right"})
_STACKED = frozenset({"above", "below"})
_BUFFERED = _BESIDE | _STACKED | {"edge", "corner"}
_HORIZONTAL = (scene_pb2.SIDE_LEFT, scene_pb2.SIDE_RIGHT)


def check_element_rules(element: scene_pb2.Element, path: str) -> Iterator[Issue]:
    """What is wrong with the fields of an element together.

    Args:
        element: The element.
        path: Its field path.
    """
    if element.HasField("placement"):
        yield from _placement(element.placement, f"{path}.placement")
    kind = element.WhichOneof("kind")
    if kind == "line" and element.line.HasField("start") and element.line.start == element.line.end:
        yield Issue(Code.SAME_ELEMENT, "line: it ends where it starts", f"{path}.line.end")
    if kind == "arrow" and element.arrow.HasField("start") and element.arrow.start == element.arrow.end:
        yield Issue(Code.SAME_ELEMENT, "arrow: it ends where it starts", f"{path}.arrow.end")


def check_step_rules(step: scene_pb2.Step, path: str) -> Iterator[Issue]:
    """What is wrong with the fields of a step together.

    Args:
        step: The step.
        path: Its field path.
    """
    match step.WhichOneof("kind"):
        case "move":
            yield from _move(step.move, f"{path}.move")
        case "recolor":
            wanted = ("color", "fill", "stroke", "fill_opacity", "opacity")
            if not any(step.recolor.HasField(name) for name in wanted):  # type: ignore[arg-type]
                message = "color: no color is given"
                yield Issue(Code.MISSING_FIELD, message, path, advice="for example: color a green")
        case _:
            pass


def _move(move: scene_pb2.Move, path: str) -> Iterator[Issue]:
    if move.WhichOneof("destination") == "along":
        return
    if move.place.WhichOneof("place") is None:
        advice = "for example: move a to=(2,1); to move by a distance: shift a right 2"
        yield Issue(Code.MISSING_FIELD, "move: no place is given", path, advice=advice)
    else:
        yield from _placement(move.place, f"{path}.place")


def _placement(placement: scene_pb2.Placement, path: str) -> Iterator[Issue]:
    place = placement.WhichOneof("place")
    if placement.align:
        horizontal = placement.align in _HORIZONTAL
        if place not in _BESIDE | _STACKED:
            advice = "give left, right, above or below as well"
            yield Issue(
                Code.ALIGN_WITHOUT_RELATION,
                "align: there is nothing to align with",
                f"{path}.align",
                advice=advice,
            )
        elif horizontal == (place in _BESIDE):
            advice = (
                "write align=top or align=bottom" if place in _BESIDE else "write align=left or align=right"
            )
            message = f"align: with {place}, this side cannot line up"
            yield Issue(Code.BAD_VALUE, message, f"{path}.align", advice=advice)
    if placement.HasField("buff") and place not in _BUFFERED:
        message = "buff: there is nothing to keep a gap to"
        yield Issue(Code.UNUSED_BUFF, message, f"{path}.buff", severity=Severity.NOTE)
