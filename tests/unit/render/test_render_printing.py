"""Printed source: precedence, literals, names."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.render.compiler.code import (
    Assign,
    Call,
    Comment,
    Do,
    Literal,
    Node,
    Operation,
    Reference,
    Symbol,
    call,
    chain,
    literal,
    vector,
)
from services.render.compiler.printing import class_name, expression, module

_leaves = st.one_of(
    st.integers(-9, 9).filter(bool).map(Literal), st.just(Reference("x")), st.floats(0.5, 2.5).map(Literal)
)
_trees: st.SearchStrategy[Node] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(Operation, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(lambda base, power: Operation("**", base, Literal(power)), inner, st.integers(1, 3)),
        st.builds(lambda one: Operation("-", None, one), inner),
    ),
    max_leaves=8,
)


def _value(node: Node, x: float) -> complex:
    match node:
        case Literal(value):
            return complex(value)  # type: ignore[arg-type]
        case Reference():
            return complex(x)
        case Operation("-", None, right):
            return -_value(right, x)
        case Operation(operator, left, right) if left is not None:
            one, other = _value(left, x), _value(right, x)
            return {"+": lambda: one + other, "-": lambda: one - other, "*": lambda: one * other}.get(
                operator, lambda: one / other if operator == "/" else one**other
            )()
    raise AssertionError(node)


@given(_trees)
def test_printed_arithmetic_means_the_same(tree: Node) -> None:
    try:
        wanted = _value(tree, 1.7)
    except (ZeroDivisionError, OverflowError):
        return
    found = complex(eval(expression(tree), {"__builtins__": {}}, {"x": 1.7}))
    assert abs(found - wanted) <= 1e-6 * max(1.0, abs(wanted))


@given(st.text(max_size=60))
def test_any_text_is_one_string_literal(text: str) -> None:
    source = module("Some", [Assign("t", call("Text", Literal(text))), Comment(text)], title=text)
    tree = ast.parse(source)
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert strings.count(text) == (2 if text else 1)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert len(calls) == 1


@given(st.text(max_size=80))
def test_any_title_gives_an_identifier(title: str) -> None:
    assert class_name(title).isidentifier()


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Circle", "CircleScene"),
        ("RED", "REDScene"),
        ("create", "CreateScene"),
        ("Text", "TextScene"),
        ("Scene", "SceneScene"),
        ("Vector", "VectorSceneScene"),
        ("Three d scene", "ThreeDSceneScene"),
        ("np and TAU", "NpAndTAU"),
        ("KeyError", "KeyErrorScene"),
        ("Red circle to blue square", "RedCircleToBlueSquare"),
        ("12", "AnimathicScene"),
    ],
)
def test_a_class_name_shadows_nothing(title: str, wanted: str) -> None:
    assert class_name(title) == wanted


def test_vectors_read_like_manim() -> None:
    assert expression(vector(2, -1)) == "2 * RIGHT + DOWN"
    assert expression(vector(0, 0)) == "ORIGIN"


def test_rounding_noise_is_not_printed() -> None:
    assert expression(literal(0.1 + 0.2)) == "0.3"
    assert expression(literal(2.0)) == "2"


def test_long_calls_are_broken() -> None:
    items = tuple(Reference(f"element_{index}") for index in range(20))
    source = module("Some", [Do(chain(Reference("self"), [Call(Symbol("play"), items)]))])
    assert max(map(len, source.splitlines())) < 100
    ast.parse(source)
