"""The walk through a scene: makes elements when they are first used, and plays its steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import parse_expression
from animathic.v1 import quality_pb2, scene_pb2
from services.render.compiler import layout
from services.render.compiler.cast import Cast
from services.render.compiler.code import (
    SELF,
    Attribute,
    Item,
    Node,
    Reference,
    call,
    chain,
    literal,
    method,
)
from services.render.compiler.frame import Frame
from services.render.compiler.functions import Curve
from services.render.compiler.issues import Unrenderable, problem
from services.render.compiler.machine import NAMES, Machine
from services.render.compiler.plan import Plan, floats, plan
from services.render.compiler.registry import Registry
from services.render.compiler.style import color_node, is_light, size_and_turn

__all__ = ["Walk"]

_WHITE_BY_DEFAULT = frozenset(
    {
        "Text",
        "Axes",
        "Square",
        "Rectangle",
        "RoundedRectangle",
        "Dot",
        "Line",
        "DashedLine",
        "Arrow",
        "DoubleArrow",
    }
)


class Walk:
    """One walk through one scene.

    Attributes:
        scene: The scene, valid.
        frame: The frame's size.
        machine: Runs and keeps what the rooms write.
        cast: Who is who on the stage.
        plan: What is known of the course beforehand.
        notes: What was adjusted.
        layout: Places what the scene leaves open.
        afterwards: What has to be done once the step's animations have played.
        step: The index of the step of the scene that is being compiled.
        fault: The field path of the element whose making failed; empty if none has.
    """

    def __init__(self, scene: scene_pb2.Scene, frame: Frame, machine: Machine, registry: Registry) -> None:
        self.scene = scene
        self.frame = frame
        self.machine = machine
        self.registry = registry
        self.plan: Plan = plan(scene)
        self.cast = Cast.of(scene, NAMES)
        self.notes: list[quality_pb2.SceneIssue] = []
        self.layout = layout.Layout(self)
        self.afterwards: list[Node] = []
        self.step = 0
        self.fault = ""
        self._making: list[str] = []
        self._curves: dict[str, Curve] = {}
        self._light = is_light(*layout.rgb(scene.canvas.background)) if scene.canvas.background else False

    def note(self, issue: quality_pb2.SceneIssue) -> None:
        """Reports an adjustment, once."""
        if all((known.code, known.field_path) != (issue.code, issue.field_path) for known in self.notes):
            self.notes.append(issue)

    def element(self, name: str) -> scene_pb2.Element:
        """An element by its name."""
        return self.cast.roles[name].element

    def kind(self, name: str) -> str:
        """The kind of an element."""
        return str(self.element(name).WhichOneof("kind"))

    def path(self, element: scene_pb2.Element) -> str:
        """The field path of an element."""
        return f"elements[{self.cast.roles[element.name].index}]"

    @property
    def where(self) -> str:
        """The field path of what is being compiled: the element that is being made, or the step."""
        return self.path(self.element(self._making[-1])) if self._making else f"steps[{self.step}]"

    def floats(self, name: str) -> bool:
        """Whether the scene leaves the element's place to the layout."""
        return floats(self.element(name))

    def ink(self, element: scene_pb2.Element, name: str) -> str:
        """The colour of what Manim draws white by default, on a light background; else none."""
        style = element.style
        plain = not (style.color or style.fill or style.stroke)
        return "black" if self._light and plain and name in _WHITE_BY_DEFAULT else ""

    def width(self, node: Node) -> float:
        """How wide something would be."""
        return float(self.machine.probe_new(node).width)

    # --- names ---

    def use(self, name: str) -> str:
        """The variable that a name means now; the element is made if it is not yet."""
        return self.cast.meaning(name) or self.make(name)

    def use_own(self, name: str) -> str:
        """The variable of an element's own object, also after it was transformed."""
        return self.cast.roles[name].variable or self.make(name)

    def curve(self, name: str) -> Node:
        """The outline of an element, as something with points in order."""
        variable = self.use(name)
        owner = Reference(variable)
        made = self.machine.object(variable)
        if len(made.points):
            return owner
        if self.kind(name) == "line":
            # The dashes of a dashed line are separate.
            return call("Line", method(owner, "get_start"), method(owner, "get_end"))
        lengths = [len(part.points) for part in made.submobjects]
        return Item(owner, lengths.index(max(lengths))) if lengths else owner

    def curve_of(self, name: str) -> Curve:
        """The function of a plot."""
        if name not in self._curves:
            earlier: dict[str, Curve] = {}
            for element in self.scene.elements:
                if element.name == name:
                    break
                if element.WhichOneof("kind") == "plot":
                    earlier[element.name] = self.curve_of(element.name)
            self._curves[name] = Curve.read(self.element(name).plot.function.text, earlier)
        return self._curves[name]

    def number(self, text: str) -> float:
        """The value of an expression without variables; plots can be called.

        Raises:
            Unrenderable: It has no value.
        """
        functions: dict[str, Callable[[Any], Any]] = {
            element.name: lambda x, name=element.name: float(self.curve_of(name).values([x])[0])  # type: ignore[misc]
            for element in self.scene.elements
            if element.WhichOneof("kind") == "plot"
        }
        value = float(evaluate(parse_expression(text), {}, functions))
        if not math.isfinite(value):
            raise Unrenderable(
                problem(
                    "no_value",
                    self.where,
                    f"{text} has no finite value",
                    "choose a place where it is defined",
                )
            )
        return value

    def point_on_axes(self, it: scene_pb2.OnAxes) -> Node:
        """A point in the coordinates of axes or of a number line."""
        owner = Reference(self.use_own(it.axes))
        x = literal(self.number(it.x.text))
        if self.kind(it.axes) == "number_line":
            return method(owner, "n2p", x)
        return method(owner, "c2p", x, literal(self.number(it.y.text or "0")))

    # --- making ---

    def make(self, name: str) -> str:
        """Makes an element's own object, places it, and answers its variable."""
        role = self.cast.roles[name]
        if role.ready:
            return role.variable
        unit = self.plan.units[name]
        if unit != name and unit not in self._making and not self.cast.roles[unit].variable:
            # An arranged group decides where its members stand, before the first of them is shown.
            self.make(unit)
            if role.ready:
                return role.variable
        self._making.append(name)
        try:
            variable = self._construct(name)
        except Exception:
            self.fault = self.fault or self.where
            raise
        finally:
            self._making.pop()
        self.layout.settle(name)
        return variable

    def _construct(self, name: str) -> str:
        role = self.cast.roles[name]
        element = role.element
        kind = self.kind(name)
        body = self.registry.element_room(kind)(self, element, getattr(element, kind))
        calls = size_and_turn(element.style)
        variable = self.cast.new_variable(name)
        self.machine.assign(variable, chain(body, calls))
        role.variable, role.spent = variable, False
        self.registry.finish(kind)(self, element, variable)
        self.cast.bound.pop(name, None)
        self.layout.finish(name, variable)
        return variable

    def background(self) -> None:
        """Paints the canvas."""
        color = self.scene.canvas.background
        if color and color != "black":
            self.machine.store(Attribute(SELF, "camera"), "background_color", color_node(color))
