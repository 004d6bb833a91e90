"""The compiler: every element and action, who means what, and what the layout does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import manim
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from animathic.scene import parse, validate
from animathic.scene.registry import language
from animathic.scene.vocabulary import COLORS
from animathic.v1 import animation_pb2, scene_pb2
from services.render.child.painting import configure, walk_only
from services.render.compiler.compile import rooms, source_of
from services.render.compiler.frame import Frame, frame_for
from services.render.compiler.issues import Unrenderable
from services.render.compiler.machine import NAMES, Machine
from services.render.compiler.registry import action_kinds, element_kinds
from services.render.compiler.timing import easing_node
from tests.unit.scene.strategies import scenes

_REGISTRY = rooms()
_BLOCKS = {"together", "lag", "sequence", "wait"}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Where fonts and formulas leave their files; Manim's settings are put back afterwards."""
    with manim.tempconfig({}):
        yield tmp_path


def _frame(scene: scene_pb2.Scene) -> Frame:
    return frame_for(scene.canvas, animation_pb2.AnimationOptions())


def _source(storyboard: str, directory: Path) -> str:
    """The body of the compiled scene, without the pause at its end."""
    scene = parse(storyboard)
    assert not validate(scene).errors
    frame = _frame(scene)
    configure(frame, directory)
    source, _ = source_of(scene, frame, walk_only(scene, frame, _REGISTRY))
    body = source.partition("def construct(self):\n")[2]
    return "\n".join(line[8:] for line in body.splitlines()).removesuffix("\nself.wait(0.5)")


def _notes(storyboard: str, directory: Path) -> list[str]:
    scene = parse(storyboard)
    frame = _frame(scene)
    configure(frame, directory)
    return [note.code for note in walk_only(scene, frame, _REGISTRY).notes]


def test_each_element_and_each_action_has_one_room() -> None:
    elements, actions = _REGISTRY.kinds
    assert elements == element_kinds()
    assert actions | _BLOCKS == action_kinds()
    assert not actions & _BLOCKS
    with pytest.raises(ValueError, match="has a room already"):
        _REGISTRY.element("circle")(lambda *_: manim.Circle())  # type: ignore[arg-type, return-value]


def test_all_colours_and_easings_are_manims() -> None:
    assert {name.upper() for name in COLORS} <= NAMES.keys()
    for name, value in COLORS.items():
        assert getattr(manim, name.upper()).to_hex() == value
    machine = Machine(manim.Scene())  # type: ignore[arg-type]
    for easing in scene_pb2.Easing.values():
        node = easing_node(easing)
        if node is None:
            continue
        rate = machine.value(node)
        assert all(np.isfinite(rate(t)) for t in (0.0, 0.3, 1.0)), scene_pb2.Easing.Name(easing)


_EXAMPLES = [
    pytest.param(example, id=f"{kind}-{index}")
    for table in (language().elements, language().steps)
    for kind, statement in table.items()
    for index, example in enumerate(statement.notation.examples)
]


@pytest.mark.parametrize("example", _EXAMPLES)
def test_every_example_of_the_language_compiles(example: str, directory: Path) -> None:
    scene = parse(example)
    if not scene.steps:
        scene.steps.add().create.targets.extend(scene_pb2.Reference(name=e.name) for e in scene.elements)
    frame = _frame(scene)
    configure(frame, directory)
    compiled = walk_only(scene, frame, _REGISTRY)
    source, _ = source_of(scene, frame, compiled)
    compile(source, "scene.py", "exec")


_SOURCES = {
    "transform": (
        "a = circle red\nb = square blue\ncreate a\ntransform a b 2s",
        "a = Circle(color=RED)\nself.play(Create(a))\nb = Square(color=BLUE)\nb.move_to(a)\n"
        "self.play(Transform(a, b), run_time=2)",
    ),
    "after a transform both names mean what is on the stage": (
        "a = circle\nb = square\ncreate a\ntransform a b\nshift b up\nfade_out a",
        "a = Circle()\nself.play(Create(a))\nb = Square()\nb.move_to(a)\nself.play(Transform(a, b))\n"
        "self.play(a.animate.shift(UP))\nself.play(FadeOut(a))",
    ),
    "until one is shown anew": (
        "a = circle\nb = square\ncreate a\ntransform a b\nfade_out a\ncreate a",
        "a = Circle()\nself.play(Create(a))\nb = Square()\nb.move_to(a)\nself.play(Transform(a, b))\n"
        "self.play(FadeOut(a))\na_2 = Circle()\nself.play(Create(a_2))",
    ),
    "replace": (
        "a = circle\nb = square\ncreate a\nreplace a b\nshift b up",
        "a = Circle()\nself.play(Create(a))\nb = Square()\nb.move_to(a)\n"
        "self.play(ReplacementTransform(a, b))\nself.play(b.animate.shift(UP))",
    ),
    "timing": (
        "a = circle at=(0,0)\nb = square at=(3,0)\ncreate a & create b 2s\n"
        "together 3s:\n  shift a up\n  shift b down\nshift a b left 0.5s linear\nrotate a 90deg ease_in_sine",
        "a = Circle()\na.move_to(ORIGIN)\nb = Square()\nb.move_to([3, 0, 0])\n"
        "self.play(Create(a), Create(b, run_time=2))\n"
        "self.play(AnimationGroup(a.animate.shift(UP), b.animate.shift(DOWN), run_time=3))\n"
        "self.play(a.animate.shift(LEFT), b.animate.shift(LEFT), run_time=0.5, rate_func=linear)\n"
        "self.play(Rotate(a, angle=90 * DEGREES), rate_func=rate_functions.ease_in_sine)",
    ),
    "a sequence inside a block keeps what came before": (
        "a = circle at=(0,0)\nb = dot at=(1,1)\ntogether:\n  sequence:\n    shift a up\n    shift a "
        "right\n  create b",
        "a = Circle()\na.move_to(ORIGIN)\nself.add(a)\nb = Dot()\nb.move_to([1, 1, 0])\n"
        "self.play(Succession(a.animate.shift(UP), a.animate.shift(UP).shift(RIGHT)), Create(b))",
    ),
    "two changes of one thing are one": (
        "a = circle at=(0,0)\nadd a\ntogether:\n  shift a up\n  color a blue\n  scale a 2",
        "a = Circle()\na.move_to(ORIGIN)\nself.add(a)\n"
        "self.play(a.animate.shift(UP).set_color(BLUE).scale(2))",
    ),
    "a turn on the way keeps its path": (
        "a = square at=(0,0)\nadd a\nshift a right 2 & rotate a 90deg",
        "a = Square()\na.move_to(ORIGIN)\nself.add(a)\na.save_state()\n"
        "self.play(UpdateFromAlphaFunc(a, lambda m, t: m.restore().rotate(t * 90 * DEGREES).shift(t * "
        "2 * RIGHT)))",
    ),
    "what is hidden in a group stays hidden": (
        "a = circle\nb = square\ng = group a b arrange=right\nadd g\nfade_out b\nshift g up",
        "a = Circle()\nb = Square()\ng = VGroup(a, b).arrange(RIGHT)\nself.add(g)\nself.play(FadeOut(b))\n"
        "self.play(a.animate.shift(UP))",
    ),
    "unplaced elements stand in a row from the start": (
        "a = circle\nb = square\ncreate a\ncreate b",
        "a = Circle()\nb = Square()\nVGroup(a, b).arrange(RIGHT, buff=1)\nself.play(Create(a))\n"
        "self.play(Create(b))",
    ),
    "what stands next to each other is centred together": (
        "a = circle\nb = square right=a\ncreate a b",
        "a = Circle()\nb = Square()\nb.next_to(a, RIGHT)\nVGroup(a, b).center()\nself.play(Create(a), "
        "Create(b))",
    ),
    "labels are arranged with what they name": (
        "a = circle\nb = square\nd = dot below=a\ncreate a b\nadd d",
        "a = Circle()\nd = Dot()\nd.next_to(a, DOWN)\nb = Square()\n"
        "VGroup(VGroup(a, d), b).arrange(RIGHT, buff=1)\nself.play(Create(a), Create(b))\nself.add(d)",
    ),
    "a second title stands below the first": (
        "a = circle edge=top\nb = square edge=top\nadd a b",
        "a = Circle()\na.to_edge(UP)\nb = Square()\nb.to_edge(UP)\nb.next_to(a, DOWN)\nself.add(a, b)",
    ),
    "names that Manim or Python take are changed": (
        "Circle = circle\nPI = dot at=(1,1)\nself = dot at=(2,2)\nlambda = dot at=(3,3)\nadd Circle PI "
        "self lambda",
        "Circle_2 = Circle()\nPI_2 = Dot()\nPI_2.move_to([1, 1, 0])\nself_2 = Dot()\n"
        "self_2.move_to([2, 2, 0])\n"
        "lambda_2 = Dot()\nlambda_2.move_to([3, 3, 0])\nself.add(Circle_2, PI_2, self_2, lambda_2)",
    ),
    "arrows end at outlines": (
        "a = circle at=(-3,0)\nb = square at=(3,0)\nv = arrow a b\nadd a b v",
        "a = Circle()\na.move_to([-3, 0, 0])\nb = Square()\nb.move_to([3, 0, 0])\n"
        "v = Arrow(a.get_right(), b.get_left())\nself.add(a, b, v)",
    ),
    "style becomes keywords and calls": (
        "a = square red fill=blue fill_opacity=0.5 stroke_width=8 opacity=0.5 rotate=45deg scale=2 z=3 "
        "at=(1,1)\n"
        "add a",
        "a = Square(color=RED, fill_color=BLUE, fill_opacity=0.5, stroke_width=8).scale(2).rotate(45 * "
        "DEGREES)"
        ".fade(0.5).set_z_index(3)\na.move_to([1, 1, 0])\nself.add(a)",
    ),
}


@pytest.mark.parametrize("name", _SOURCES)
def test_sources(name: str, directory: Path) -> None:
    storyboard, wanted = _SOURCES[name]
    made = _source(storyboard, directory)
    assert ast.unparse(ast.parse(made)) == ast.unparse(ast.parse(wanted))


def _box(mobject: manim.Mobject) -> tuple[float, float, float, float]:
    left, bottom, _ = mobject.get_corner(manim.DL)
    right, top, _ = mobject.get_corner(manim.UR)
    return left, right, bottom, top


@pytest.mark.parametrize(
    "storyboard",
    [
        't = text "A very long sentence that cannot possibly fit into one line of the frame of a '
        'video" size=60\nadd t',
        't = text "Unbreakablewordthatisfartoolongtofitintooneline" size=96\nadd t',
        'm = math "a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z" size=90\nadd m',
        't = text "near the edge" at=(6,3.5)\nadd t',
        'a = circle at=(6,0)\nt = text "to the right of it" right=a\nadd t',
        'canvas 9:16\nt = text "A title for a phone that is held upright" size=60\nadd t',
        "ax = axes width=30 height=20\nadd ax",
    ],
)
def test_nothing_runs_off_the_frame(storyboard: str, directory: Path) -> None:
    scene = parse(storyboard)
    frame = _frame(scene)
    configure(frame, directory)
    seen: list[tuple[float, float, float, float]] = []
    play = manim.Scene.play
    try:
        manim.Scene.play = lambda stage, *_, **__: seen.extend(map(_box, stage.mobjects))  # type: ignore[method-assign]
        walk_only(scene, frame, _REGISTRY)
    finally:
        manim.Scene.play = play  # type: ignore[method-assign]
    assert seen
    for left, right, bottom, top in seen:
        assert left >= -frame.width / 2 - 0.01
        assert right <= frame.width / 2 + 0.01
        assert bottom >= -frame.height / 2 - 0.01
        assert top <= frame.height / 2 + 0.01


@pytest.mark.parametrize(
    ("storyboard", "code"),
    [
        (
            't = text "A very long sentence that cannot possibly fit into one line of a frame"\nadd t',
            "text_wrapped",
        ),
        ("ax = axes\nf = plot ax x^2\nadd ax f", "axes_fitted"),
        ("a = circle radius=6\nadd a", "shrunk"),
        ("a = circle\nb = square\nadd a b", "arranged"),
        ("a = circle at=(0,0)\nadd a\nindicate a linear", "easing_ignored"),
        ("a = circle at=(0,0)\ncreate a & shift a up", "one_after_another"),
    ],
)
def test_adjustments_are_noted(storyboard: str, code: str, directory: Path) -> None:
    assert code in _notes(storyboard, directory)


@pytest.mark.parametrize(
    ("storyboard", "code", "path"),
    [
        ('m = math "\\foo"\nwrite m', "latex_command", "elements[0].math.tex"),
        ("ax = axes y=[0,1]\nf = plot ax x^2+5\nadd ax f", "plot_outside", "elements[1].plot.function"),
        ("ax = axes\nf = plot ax 1/x\nd = dot at=ax(0,f(0))\nadd ax d", "no_value", "elements[2]"),
    ],
)
def test_what_cannot_be_shown_is_named(storyboard: str, code: str, path: str, directory: Path) -> None:
    scene = parse(storyboard)
    frame = _frame(scene)
    configure(frame, directory)
    with pytest.raises(Unrenderable) as caught:
        walk_only(scene, frame, _REGISTRY)
    assert [issue.code for issue in caught.value.issues] == [code]
    assert caught.value.issues[0].field_path == path
    assert caught.value.issues[0].advice


def _compiles_or_is_refused(scene: scene_pb2.Scene, directory: Path) -> None:
    if validate(scene).errors:
        return
    frame = _frame(scene)
    configure(frame, directory)
    try:
        compiled = walk_only(scene, frame, _REGISTRY)
    except Unrenderable as refused:
        unclear = [issue for issue in refused.issues if not (issue.field_path and issue.message)]
        assert not unclear
        return
    source, _ = source_of(scene, frame, compiled)
    compile(source, "scene.py", "exec")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(scene=scenes(max_elements=4, max_steps=4))
def test_a_valid_scene_compiles_or_is_refused(scene: scene_pb2.Scene, directory: Path) -> None:
    _compiles_or_is_refused(scene, directory)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(scene=scenes())
def test_many_valid_scenes_compile_or_are_refused(scene: scene_pb2.Scene, directory: Path) -> None:
    _compiles_or_is_refused(scene, directory)
