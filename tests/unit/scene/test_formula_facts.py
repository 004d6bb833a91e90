import pytest

from animathic.scene import parse
from animathic.scene.coverage import check_coverage
from animathic.scene.formula_facts import written_formulas


@pytest.mark.parametrize(
    ("prompt", "formulas", "functions"),
    [
        ("Plot sin(x) in yellow on a set of axes", (), ("sin(x)",)),
        ("graph y = x^2 - 1 from -2 to 2", (), ("x^2-1",)),
        ("draw the curve of cos(2x) in red.", (), ("cos(2x)",)),
        ("show f(x) = x^3 (as a graph)", (), ("x^3",)),
        (r"show the formula e^{i\pi}+1=0", (r"e^{i\pi}+1=0",), ()),
        ("write a^2 + b^2 = c^2, please", ("a^2+b^2=c^2",), ()),
        ("plot the derivative of x^2", (), ()),
        ("x = 3 and a well-known circle at 10:30 - or so", (), ()),
        ("plot import os; __import__('os')(x)", (), ()),
    ],
)
def test_what_is_spelled_out(prompt: str, formulas: tuple[str, ...], functions: tuple[str, ...]) -> None:
    written = written_formulas(prompt)
    assert (written.formulas, written.functions) == (formulas, functions)


@pytest.mark.parametrize(
    ("function", "ok"), [("sin(x)", True), ("x", False), ("cos(x - pi/2)", True), ("log(x)", False)]
)
def test_a_plot_is_compared_by_its_values(function: str, ok: bool) -> None:
    scene = parse(f'ax = axes\nf = plot ax "{function}"\ncreate ax\ncreate f')
    findings = [f for f in check_coverage("plot sin(x) on axes", scene).findings if f.kind == "formula"]
    assert [f.ok for f in findings] == [ok]


def test_a_formula_that_is_missing_is_found_missing() -> None:
    scene = parse('m = math "a^2"\nwrite m')
    assert [f.ok for f in check_coverage("show a^2 + b^2 = c^2", scene).findings] == [False]
