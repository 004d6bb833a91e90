"""Scenes at the edge of what is allowed compile, and what goes over it is said, not thrown."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import manim
import pytest

from animathic.scene import parse, validate
from animathic.v1 import animation_pb2
from services.render.child.painting import configure, walk_only
from services.render.compiler.compile import rooms, source_of
from services.render.compiler.frame import frame_for
from services.render.compiler.issues import Unrenderable
from services.render.latex import LatexError, to_typst

_REGISTRY = rooms()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Where fonts and formulas leave their files; Manim's settings are put back afterwards."""
    with manim.tempconfig({}):
        yield tmp_path


def _source(storyboard: str, directory: Path) -> str:
    scene = parse(storyboard)
    assert not validate(scene).errors
    frame = frame_for(scene.canvas, animation_pb2.AnimationOptions())
    configure(frame, directory)
    return source_of(scene, frame, walk_only(scene, frame, _REGISTRY))[0]


def _unrenderable(storyboard: str, directory: Path) -> tuple[str, str]:
    with pytest.raises(Unrenderable) as caught:
        _source(storyboard, directory)
    (issue,) = caught.value.issues
    assert issue.advice
    return issue.code, issue.field_path


def test_deep_expressions_compile(directory: Path) -> None:
    inner, outer = "x" + "+1" * 14, "f(" * 7 + "x" + ")" * 7
    source = _source(f"ax = axes\nf = plot ax {inner}\ng = plot ax {outer}-100\ncreate ax f g", directory)
    ast.parse(source)


def test_a_quotient_of_a_large_number_is_drawn(directory: Path) -> None:
    _source("ax = axes x=[0,5]\nf = plot ax log(10^20,x+2)\ncreate ax f", directory)


@pytest.mark.parametrize(
    ("level", "core"),
    [
        (r"\boxed{%s}", "x"),
        (r"\frac{1}{%s}", "x"),
        (r"\sqrt{%s}", "x"),
        (r"\hat{%s}", "x"),
        (r"x^{%s}", "x"),
        (r"\left(%s\right)", "x"),
        (r"\underbrace{%s}_{y}", "x"),
        (r"\mathbf{%s}", "x"),
        (r"\mathrm{%s}", "x"),
    ],
)
def test_formulas_are_typeset_to_the_deepest_level(level: str, core: str, directory: Path) -> None:
    tex = core
    for _ in range(12):
        tex = level % tex
    scene = parse('m = math "x"\nadd m')
    scene.elements[0].math.tex = tex
    frame = frame_for(scene.canvas, animation_pb2.AnimationOptions())
    configure(frame, directory)
    walk_only(scene, frame, _REGISTRY)
    for _ in range(2):
        tex = level % tex
    with pytest.raises(LatexError, match="nested too deeply") as caught:
        to_typst(tex)
    assert tex[:20] in str(caught.value)
    assert caught.value.advice


def test_commands_without_braces_count_as_levels() -> None:
    with pytest.raises(LatexError, match="nested too deeply"):
        to_typst("\\hat" * 140 + "x")


def test_a_formula_that_the_typesetter_refuses_is_named(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.render.compiler.text.to_typst", lambda _: "#nothing-of-the-kind")
    found = _unrenderable('a = circle\nm = math "x"\ncreate a\nwrite m', directory)
    assert found == ("latex_syntax", "elements[1]")


def test_a_recursion_names_the_element(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any) -> None:
        endless()

    monkeypatch.setattr("services.render.compiler.text.to_typst", endless)
    assert _unrenderable('a = circle\nm = math "x"\ncreate a\nwrite m', directory) == (
        "too_deep",
        "elements[1]",
    )


def test_a_recursion_of_an_action_names_the_step(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, **__: Any) -> None:
        endless()

    monkeypatch.setattr(manim.Scene, "wait", endless)
    assert _unrenderable("a = circle\ncreate a\nwait", directory) == ("too_deep", "steps[1]")


def test_long_texts_are_wrapped_quickly(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = manim.Text.__init__

    def counted(self: Any, text: str, **keywords: Any) -> None:
        made.append(text)
        make(self, text, **keywords)

    monkeypatch.setattr(manim.Text, "__init__", counted)
    start = time.monotonic()
    source = _source('t = text "' + "WW " * 99 + '"\nadd t', directory)
    assert time.monotonic() - start < 5
    assert len(made) == 2
    assert "\\n" in source


def test_wrapped_lines_fit(directory: Path) -> None:
    source = _source('t = text "' + "Hello narrow wide world " * 12 + '"\nadd t', directory)
    call = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text"
    )
    words = ast.literal_eval(call.args[0])
    room = frame_for(parse("a = dot\nadd a").canvas, animation_pb2.AnimationOptions()).safe_width
    assert manim.Text(words).width <= room * 1.01
    assert " ".join(words.split()) == ("Hello narrow wide world " * 12).strip()


@pytest.mark.parametrize("words", ["fi ﬁ é é " * 30, "שלום עולם " * 25, "日本 語 " * 40, "👩‍👩‍👧 x " * 30])
def test_letters_that_join_are_wrapped_too(words: str, directory: Path) -> None:
    scene = parse('t = text "x"\nadd t')
    scene.elements[0].text.text = words[:290].strip()
    frame = frame_for(scene.canvas, animation_pb2.AnimationOptions())
    configure(frame, directory)
    walk_only(scene, frame, _REGISTRY)
