"""Valid scenes, drawn from the descriptors: a new element or action is covered without a line here."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from animathic.scene.expressions import Binary, Call, Name, Node, Number, Unary
from animathic.scene.limits import LIMITS
from animathic.scene.registry import Field, Shape, Statement, enum_words, language
from animathic.scene.vocabulary import COLORS, fold
from animathic.scene.writing import write_number
from animathic.v1 import notation_pb2, scene_pb2

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: fold(name) not in language().reserved
)
COLOR_VALUES = st.one_of(st.sampled_from(sorted(COLORS)), st.from_regex(r"#[0-9A-Fa-f]{6}", fullmatch=True))
TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), codec="utf-8"), min_size=1, max_size=40
).filter(lambda text: bool(text.strip()))
FORMULAS = st.one_of(
    st.sampled_from(
        [
            r"\frac{a}{b}",
            r"a^2 + b^2 = c^2",
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
            r"\theta \to \nabla f",
            r"\text{a " "quoted" " word}",
            r"x = \{1, 2\}",
            "#1",
        ]
    ),
    st.text("abcxyz0123456789+-=^_ ()[]\"'&#", min_size=1, max_size=30).filter(lambda t: bool(t.strip())),
)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    simple = st.integers(math.ceil(low), math.floor(high)).map(float) if high - low >= 2 else st.nothing()
    return st.one_of(
        simple, st.floats(low, high, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-12)
    )


COORDINATES = numbers(-LIMITS.coordinate, LIMITS.coordinate)


def expressions(variables: tuple[str, ...], blanks: bool = True) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "/", "^", *([" + ", " * "] if blanks else [])]
    comma = ", " if blanks else ","
    leaf = st.one_of(
        st.integers(0, 99).map(str),
        st.floats(0.01, 99).map(lambda x: write_number(round(x, 3))),
        st.sampled_from([*variables, "pi"]),
    )

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from(operators), inner).map("".join),
            inner.map(lambda e: f"({e})"),
            inner.map(lambda e: f"-({e})"),
            st.tuples(st.sampled_from(["sin", "cos", "abs", "floor"]), inner).map(
                lambda t: f"{t[0]}({t[1]})"
            ),
            st.tuples(inner, inner).map(lambda t: f"max({t[0]}{comma}{t[1]})"),
        )

    return st.recursive(leaf, grow, max_leaves=6).filter(lambda e: len(e) <= 100)


def trees() -> st.SearchStrategy[Node]:
    leaf = st.one_of(st.floats(0.5, 9).map(Number), st.sampled_from(["x", "pi"]).map(Name))

    def grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.one_of(
            inner.map(lambda n: Unary("-", n)),
            st.builds(Binary, st.sampled_from("+-*/^"), inner, inner),
            st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(["sin", "exp", "abs"]), inner),
        )

    return st.recursive(leaf, grow, max_leaves=8)


class _Drawer:
    """Fills in the fields of one statement."""

    def __init__(self, draw: Any, kinds: dict[str, str], blanks: bool) -> None:
        self._draw = draw
        self._kinds = kinds
        self._blanks = blanks

    def named(self, kinds: tuple[str, ...] = (), outlined: bool = False) -> list[str]:
        return [
            name
            for name, kind in self._kinds.items()
            if (not kinds or kind in kinds) and (not outlined or language().elements[kind].notation.outlined)
        ]

    def fill(self, statement: Statement, holder: Any) -> bool:
        """Sets required fields and some others. Returns False if a required one has no possible value."""
        fixed = _fixed_fields(statement)
        for field in statement.fields:
            wanted = field.notation.required or field.path in fixed
            if not wanted and (self._draw(st.integers(0, 3)) or field.path[-1] in ("align", "buff")):
                continue
            if self._has_rival(holder, field):
                continue
            value = self.value(field)
            if value is None:
                if field.notation.required:
                    return False
                continue
            _assign(holder, field, value)
        return _complete(statement, holder, self)

    def _has_rival(self, holder: Any, field: Field) -> bool:
        message = holder
        for name in field.path:
            oneof = message.DESCRIPTOR.fields_by_name[name].containing_oneof
            if oneof is not None and message.WhichOneof(oneof.name) not in (None, name):
                return True
            if name != field.path[-1]:
                message = getattr(message, name)
        return False

    def value(self, field: Field) -> Any:
        draw, notation = self._draw, field.notation
        low = notation.minimum if notation.HasField("minimum") else -LIMITS.coordinate
        high = notation.maximum if notation.HasField("maximum") else LIMITS.coordinate
        match field.shape:
            case Shape.NUMBER | Shape.ANGLE | Shape.SECONDS:
                value = draw(numbers(low, min(high, 60) if field.shape is Shape.SECONDS else high))
                return value or (1.0 if notation.required else 0.0)
            case Shape.INTEGER:
                return draw(st.integers(int(low), int(high)))
            case Shape.FLAG:
                return draw(st.booleans())
            case Shape.WORD:
                return draw(st.sampled_from(sorted(enum_words(field.descriptor.enum_type).printed)))
            case Shape.COLOR:
                return draw(COLOR_VALUES)
            case Shape.STRING:
                latex = notation.vocabulary == notation_pb2.VOCABULARY_LATEX
                return draw(FORMULAS if latex else TEXTS)
            case Shape.STRINGS:
                return [draw(FORMULAS) for _ in range(notation.min_length or 1)]
            case Shape.EXPRESSION:
                return scene_pb2.Expression(text=draw(expressions(("x",), self._blanks)))
            case Shape.REFERENCE:
                named = self.named(tuple(notation.kinds), notation.outlined)
                return scene_pb2.Reference(name=draw(st.sampled_from(named))) if named else None
            case Shape.REFERENCES:
                named = self.named()
                if not named:
                    return None
                chosen = draw(st.lists(st.sampled_from(named), min_size=1, max_size=5, unique=True))
                return [scene_pb2.Reference(name=name) for name in chosen]
            case Shape.POINT:
                return self.point()
            case Shape.VECTOR:
                return scene_pb2.Vector(**self._components())
            case Shape.RANGE:
                start = draw(numbers(-50, 49))
                end = draw(numbers(start + 0.5, 51))
                step = draw(st.sampled_from([None, 1.0, 2.5])) if end - start < 90 else 10.0
                return scene_pb2.Range(start=start, end=end, step=step)
        raise AssertionError(field.shape)

    def _components(self) -> dict[str, float]:
        x, y, z = (self._draw(st.one_of(st.just(0.0), COORDINATES)) for _ in range(3))
        return {"x": x, "y": y, "z": z if self._draw(st.integers(0, 5)) == 0 else 0.0}

    def point(self) -> scene_pb2.Point:
        draw = self._draw
        choices = ["coordinates"]
        choices += ["anchor"] * bool(self.named())
        choices += ["on_curve"] * bool(self.named(outlined=True))
        choices += ["on_axes"] * bool(self.named(("axes", "number_line")))
        match draw(st.sampled_from(choices)):
            case "anchor":
                point = draw(st.sampled_from(sorted(scene_pb2.AnchorPoint.values())))
                ends = point in (scene_pb2.ANCHOR_POINT_START, scene_pb2.ANCHOR_POINT_END)
                named = self.named(outlined=ends) or self.named()
                point = point if not ends or self.named(outlined=True) else 0
                return scene_pb2.Point(
                    anchor=scene_pb2.Anchor(element=draw(st.sampled_from(named)), point=point)
                )
            case "on_curve":
                name = draw(st.sampled_from(self.named(outlined=True)))
                proportion = draw(numbers(0, 1))
                return scene_pb2.Point(on_curve=scene_pb2.OnCurve(element=name, proportion=proportion))
            case "on_axes":
                name = draw(st.sampled_from(self.named(("axes", "number_line"))))
                plots = [f"{plot}(2)" for plot in self.named(("plot",))]
                x, y = (
                    scene_pb2.Expression(text=draw(expressions(tuple(plots) or ("1",), self._blanks)))
                    for _ in range(2)
                )
                flat = self._kinds[name] == "number_line"
                return scene_pb2.Point(on_axes=scene_pb2.OnAxes(axes=name, x=x, y=None if flat else y))
        return scene_pb2.Point(coordinates=scene_pb2.Coordinates(**self._components()))


def _fixed_fields(statement: Statement) -> set[tuple[str, ...]]:
    """Fields without which the rules of a statement are not met."""
    return {("recolor", "color")} if statement.kind == "recolor" else set()


def _complete(statement: Statement, holder: Any, drawer: _Drawer) -> bool:
    """Puts right what single fields cannot know."""
    if statement.kind == "move":
        move = holder.move
        if move.WhichOneof("destination") != "along" and move.place.WhichOneof("place") is None:
            move.place.at.CopyFrom(drawer.point())
    if statement.kind in ("line", "arrow"):
        one = getattr(holder, statement.kind)
        if one.HasField("start") and one.start == one.end:
            one.ClearField("end")
    if statement.kind in ("transform", "replace"):
        one = getattr(holder, statement.kind)
        return one.source.name != one.target.name
    return True


def _assign(holder: Any, field: Field, value: Any) -> None:
    message = holder
    for name in field.path[:-1]:
        message = getattr(message, name)
    name = field.path[-1]
    if isinstance(value, list):
        getattr(message, name).extend(value)
    elif hasattr(value, "DESCRIPTOR"):
        getattr(message, name).CopyFrom(value)
    else:
        setattr(message, name, value)


@st.composite
def scenes(draw: Any, max_elements: int = 6, max_steps: int = 6, blanks: bool = True) -> scene_pb2.Scene:
    scene = scene_pb2.Scene()
    if draw(st.booleans()):
        scene.title = draw(TEXTS)
    kinds: dict[str, str] = {}
    drawer = _Drawer(draw, kinds, blanks)
    if draw(st.booleans()):
        scene.canvas.SetInParent()
        drawer.fill(language().canvas, scene.canvas)
    names = draw(st.lists(NAMES, min_size=1, max_size=max_elements, unique=True))
    for name in names:
        element = scene_pb2.Element(name=name)
        statement = language().elements[draw(st.sampled_from(sorted(language().elements)))]
        getattr(element, statement.kind).SetInParent()
        if not drawer.fill(statement, element):
            element = scene_pb2.Element(name=name, circle=scene_pb2.Circle())
            statement = language().elements["circle"]
        scene.elements.append(element)
        kinds[name] = statement.kind
    # Everything is on the stage first, so that no step hides what is not shown.
    for name in names:
        scene.steps.add().add.targets.add(name=name)
    for _ in range(draw(st.integers(0, max_steps))):
        step = _step(draw, drawer, 0)
        if step is not None:
            scene.steps.append(step)
    return scene


_HIDING = (notation_pb2.EFFECT_HIDE, notation_pb2.EFFECT_TRANSFORM, notation_pb2.EFFECT_REPLACE)


def _step(draw: Any, drawer: _Drawer, depth: int) -> scene_pb2.Step | None:
    """A step that does not take anything off the stage: what may follow is then free."""
    usable = [
        s
        for s in language().steps.values()
        if s.notation.effect not in _HIDING
        and not (depth and s.notation.instant)
        and not (depth >= 3 and s.notation.block)
    ]
    statement = draw(st.sampled_from(usable))
    step = scene_pb2.Step()
    getattr(step, statement.kind).SetInParent()
    if not drawer.fill(statement, step):
        return None
    if step.run_time > 5:
        step.run_time = 5
    if statement.notation.block:
        inner = [_step(draw, drawer, depth + 1) for _ in range(draw(st.integers(1, 3)))]
        kept = [one for one in inner if one is not None]
        if not kept:
            return None
        getattr(step, statement.kind).steps.extend(kept)
    return step
