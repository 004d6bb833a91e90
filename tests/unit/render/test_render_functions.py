"""Curves: gaps, jumps, poles, and the Python that draws them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animathic.scene.evaluation import evaluate
from animathic.scene.expressions import parse_expression
from services.render.compiler.functions import Curve, sample_step, segments
from services.render.compiler.printing import expression

_Y = (-4.0, 4.0)


def _parts(text: str, x: tuple[float, float] = (-5, 5)) -> list[tuple[float, float]]:
    return [(round(part.start, 2), round(part.end, 2)) for part in segments(Curve.read(text, {}), x, _Y)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sin(x)", [(-5, 5)]),
        ("1/x", [(-5, -0.25), (0.25, 5)]),
        ("log(x)", [(0.02, 5)]),
        ("sqrt(4-x^2)", [(-2, 2)]),
        ("x^2", [(-2, 2)]),
        ("log(0-1)", []),
        ("100", []),
        ("2", [(-5, 5)]),
        ("1/(x-x)", []),
    ],
)
def test_parts_with_values(text: str, wanted: list[tuple[float, float]]) -> None:
    assert _parts(text) == wanted


def test_jumps_part_a_curve() -> None:
    found = _parts("floor(x)", (0, 3))
    assert len(found) == 3
    assert [round(start) for start, _ in found] == [0, 1, 2]


def test_a_steep_curve_is_not_a_jump() -> None:
    assert len(_parts("tanh(20*x)")) == 1


def test_a_single_place_without_a_value_is_passed_by() -> None:
    curve = Curve.read("sin(x)/x", {})
    parts = segments(curve, (-5.0, 5.0), _Y)
    assert parts
    for part in parts:
        step = sample_step(curve, part, 0.1)
        assert np.isfinite(curve.values(np.arange(part.start, part.end, step))).all()


def test_plots_can_call_plots() -> None:
    inner = Curve.read("x^2", {})
    outer = Curve.read("f(x+1)+1", {"f": inner})
    assert list(outer.values([0.0, 1.0])) == [2.0, 5.0]
    assert expression(outer.node()) == "lambda x: (x + 1)**2 + 1"


_EXPRESSIONS = [
    "2*(x-5)^2",
    "-x^2",
    "(-x)^2",
    "2^-x",
    "sin(x)/x",
    "exp(-x^2/2)",
    "if(x<1, x, 2-x)",
    "min(x, 2, x^2)",
    "mod(x, 2)",
    "log(x, 2)",
    "abs(x)-3",
    "(x>1)*x",
    "pi*x/2 + e",
    "(0-8)^(1/3)*x",
    "1/0 + x",
    "x/(2*3)/4",
    "x-(2-3)",
    "sign(x)*sqrt(abs(x))",
    "round(x)",
    "atan(x)",
]


@pytest.mark.parametrize("text", _EXPRESSIONS)
def test_printed_functions_mean_the_same(text: str) -> None:
    curve = Curve.read(text, {})
    printed = expression(curve.node()).removeprefix("lambda x: ")
    for x in (-2.5, 0.5, 1.0, 3.0):
        wanted = evaluate(parse_expression(text), {"x": x}, {})
        with np.errstate(all="ignore"):
            found = float(eval(printed, {"np": np, "PI": math.pi, "TAU": math.tau}, {"x": np.float64(x)}))
        if math.isfinite(wanted):
            assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        else:
            assert not math.isfinite(found)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_EXPRESSIONS), st.floats(-10, 0), st.floats(0.5, 10))
def test_parts_hold_only_finite_values(text: str, start: float, length: float) -> None:
    curve = Curve.read(text, {})
    for part in segments(curve, (start, start + length), _Y):
        values = curve.values(np.linspace(part.start, part.end, 50))
        assert np.isfinite(values).all()
        assert values.min() >= _Y[0] - 0.1
        assert values.max() <= _Y[1] + 0.1


@pytest.mark.parametrize(
    "text",
    [
        "log(10^20, x+1)",
        "ln(100000000000000*100000000000000)",
        "sin(100000000000000*100000000000000) + x",
        "ln(" + "*".join(["99999999999999"] * 12) + ")",
        "floor(2^70)/2^70",
        "max(99999999999999*99999999999999, x)",
        "99999999999999*99999999999999*0+x",
    ],
)
def test_large_whole_numbers_are_numbers_to_numpy(text: str) -> None:
    curve = Curve.read(text, {})
    function = eval(expression(curve.node()), {"np": np})
    assert float(function(1.5)) == pytest.approx(float(curve.values(np.array([1.5]))[0]))
