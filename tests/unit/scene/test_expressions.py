from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from animathic.scene.evaluation import constant, evaluate
from animathic.scene.expressions import (
    Binary,
    Call,
    ExpressionError,
    Name,
    Node,
    Number,
    Unary,
    called_names,
    free_names,
    parse_expression,
)
from tests.unit.scene.strategies import trees


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("2**3", 8),
        ("1/2*4", 2),
        ("7-2-1", 4),
        ("2(3+1)", 8),
        ("2pi", 2 * math.pi),
        ("(1+1)(2+1)", 6),
        ("mod(-1, 3)", 2),
        ("min(3,1,2)+max(1,5)", 6),
        ("if(1<2, 10, 20)", 10),
        ("2>=2", 1),
        ("1!=1", 0),
        ("floor(-1.5)+ceil(1.2)+round(2.6)+sign(-4)", 2),
        ("log(8,2)+ln(e)", 4),
        ("sqrt(16)·2", 8),
        ("arctan(0)", 0),
        ("5−3", 2),
    ],
)
def test_values(text: str, value: float) -> None:
    assert constant(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["1/0", "log(0-1)", "sqrt(-1)", "(-8)^(1/3)", "exp(1000)", "10^400", "mod(1,0)", "0/0"]
)
def test_what_has_no_value_is_not_finite(text: str) -> None:
    assert not math.isfinite(constant(text))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("__import__('os')", 11),
        ("x.y", 1),
        ("x[0]", 1),
        ("lambda: 1", 6),
        ("2 3", 2),
        ("x y", 2),
        ("sin", 0),
        ("sin()", 4),
        ("mod(1)", 0),
        ("f(1,2)", 0),
        ("(1", 0),
        ("1)", 1),
        ("1+", 2),
        ("1<2<3", 3),
        ("x=1", 1),
        ("'a'", 0),
        ("@", 0),
        ("1 ^ $", 4),
    ],
)
def test_everything_else_is_an_error_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text", ["(" * 30 + "1" + ")" * 30, "-" * 40 + "1", "1" + "+1" * 99, "2^" * 30 + "1", "1" * 201]
)
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_names() -> None:
    tree = parse_expression("a*x+f(b)+sin(pi)")
    assert free_names(tree) == {"a", "x", "b"}
    assert called_names(tree) == {"f"}
    assert evaluate(tree, {"a": 2.0, "x": 3.0, "b": 4.0}, {"f": lambda v: v * 10}) == pytest.approx(46)
    with pytest.raises(KeyError):
        evaluate(tree, {"a": 2.0})


def test_variables_win_over_constants() -> None:
    assert evaluate(parse_expression("e"), {"e": 1.5}) == 1.5


def written(node: Node) -> str:
    """An expression with all its brackets."""
    match node:
        case Number(value):
            return f"{value:.17f}"
        case Name(name):
            return name
        case Unary(_, operand):
            return f"(-{written(operand)})"
        case Binary(operator, left, right):
            return f"({written(left)}{operator}{written(right)})"
        case Call(function, arguments):
            return f"{function}({','.join(map(written, arguments))})"


@settings(deadline=None)
@given(trees())
def test_reading_what_is_written_gives_the_tree_back(tree: Node) -> None:
    text = written(tree)
    if len(text) <= 200:
        again = parse_expression(text)
        assert evaluate(again, {"x": 1.25}) == pytest.approx(evaluate(tree, {"x": 1.25}), nan_ok=True)


@settings(deadline=None)
@given(trees())
def test_arrays_give_the_same_values(tree: Node) -> None:
    numpy = pytest.importorskip("numpy")
    with numpy.errstate(all="ignore"):
        many = numpy.broadcast_to(evaluate(tree, {"x": numpy.array([0.5, 2.0])}, xp=numpy), (2,))
    for value, x in zip(many, (0.5, 2.0), strict=True):
        single = evaluate(tree, {"x": x})
        if math.isfinite(single) and abs(single) < 1e100:
            assert value == pytest.approx(single)


def test_every_function_works_on_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    text = (
        "sin(x)+cos(x)+tan(x)+asin(x)+acos(x)+atan(x)+sinh(x)+cosh(x)+tanh(x)+exp(x)+ln(x+1)+sqrt(x)+abs(x)"
        "+floor(x)+ceil(x)+round(x)+sign(x)+log(x+2,2)+mod(x,2)+min(x,1,2)+max(x,0)+if(x<0.3,1,2)"
    )
    tree = parse_expression(text)
    values = evaluate(tree, {"x": numpy.array([0.1, 0.5])}, xp=numpy)
    assert values == pytest.approx([evaluate(tree, {"x": 0.1}), evaluate(tree, {"x": 0.5})])
