# ruff: noqa: E501 - lists of wordings read better in long lines
"""Functions to plot: as people write or say them, and as the storyboard's expressions."""

from __future__ import annotations

import re
from random import Random

# Said in words -> expression.
SPOKEN = {
    "the sine function": "sin(x)", "the sine curve": "sin(x)", "a sine wave": "sin(x)", "sine": "sin(x)",
    "the cosine function": "cos(x)", "a cosine wave": "cos(x)", "cosine": "cos(x)", "the cosine curve": "cos(x)",
    "the tangent function": "tan(x)", "the exponential function": "exp(x)", "the natural logarithm": "ln(x)",
    "a parabola": "x^2", "the standard parabola": "x^2", "the identity function": "x", "x squared": "x^2",
    "x cubed": "x^3", "the cubic function": "x^3", "the square root of x": "sqrt(x)", "the square root function": "sqrt(x)",
    "the absolute value of x": "abs(x)", "the absolute value function": "abs(x)", "the hyperbola 1/x": "1/x",
    "one over x": "1/x", "two x plus one": "2x+1", "the line y=x": "x", "the logarithm of x": "ln(x)",
    "the sigmoid 1/(1+exp(-x))": "1/(1+exp(-x))", "the Gaussian exp(-x^2)": "exp(-x^2)",
}  # fmt: skip


def _trig(rng: Random) -> tuple[str, str]:
    name = rng.choice(["sin", "cos", "sin", "cos", "tan"])
    inner = rng.choice(["x", "x", "x", "2x", "3x", "x/2", "pi*x", "x+1", "x-pi", "4x", "0.5x", "x^2"])
    if inner == "x" and rng.random() < 0.25:
        return f"{name} x", f"{name}(x)"
    factor = rng.choice(["", "", "", "2", "3", "0.5", "4", "-", "1.5", "2*", "3*"])
    tail = rng.choice(["", "", "", "+1", "-1", "+2", "+x"])
    text = f"{factor}{name}({inner}){tail}"
    return text, text


def _polynomial(rng: Random) -> tuple[str, str]:
    lead = rng.choice(["", "", "", "-", "2", "3", "0.5", "4", "-2", "0.25", "2*", "0.1", "5"])
    power = rng.choice(["x", "x^2", "x^2", "x^2", "x^3", "x^3", "x^4"])
    text = lead + power
    if power == "x^3" and rng.random() < 0.5:
        text += rng.choice(["-3x", "-x", "+x", "-2x", "+x^2", "-4x", "-2x^2"])
    if power == "x^2" and rng.random() < 0.35:
        text += rng.choice(["+x", "-x", "+2x", "-2x", "-4x", "+3x", "-6x"])
    if rng.random() < 0.55 or text == "x":
        text += f"{rng.choice('+-')}{rng.randint(1, 9)}"
    if rng.random() < 0.08:
        text = f"({rng.choice(['x-1', 'x+2', 'x-2', 'x+1', 'x-3'])})^{rng.choice('23')}"
    if rng.random() < 0.06 and "^" in text:
        return text.replace("^2", "²").replace("^3", "³").replace("^4", "⁴"), text
    return text, text


def _other(rng: Random) -> tuple[str, str]:
    n = rng.randint(2, 6)
    return rng.choice(
        [
            ("e^x", "e^x"), ("e^x", "e^x"), ("e^(-x)", "e^(-x)"), ("e^-x", "e^-x"), ("exp(x)", "exp(x)"),
            ("exp(-x)", "exp(-x)"), ("exp(-x^2)", "exp(-x^2)"), ("e^(-x^2)", "e^(-x^2)"), ("2^x", "2^x"),
            (f"{n}^x", f"{n}^x"), ("sqrt(x)", "sqrt(x)"), (f"sqrt(x+{n})", f"sqrt(x+{n})"), ("sqrt(x^2+1)", "sqrt(x^2+1)"),
            ("|x|", "abs(x)"), ("abs(x)", "abs(x)"), (f"|x-{n}|", f"abs(x-{n})"), (f"abs(x)-{n}", f"abs(x)-{n}"),
            ("1/x", "1/x"), (f"{n}/x", f"{n}/x"), ("1/x^2", "1/x^2"), ("1/(1+x^2)", "1/(1+x^2)"), (f"1/(x^2+{n})", f"1/(x^2+{n})"),
            (f"x/(x+{n})", f"x/(x+{n})"), ("ln(x)", "ln(x)"), ("log(x)", "log(x)"), ("ln x", "ln(x)"), (f"ln(x+{n})", f"ln(x+{n})"),
            ("x*sin(x)", "x*sin(x)"), ("x sin(x)", "x*sin(x)"), ("x*exp(-x)", "x*exp(-x)"), ("sin(x)/x", "sin(x)/x"),
            ("sin(x)+cos(x)", "sin(x)+cos(x)"), ("sin(x)^2", "sin(x)^2"), ("sin(x)*cos(x)", "sin(x)*cos(x)"),
            (f"x/{n}", f"x/{n}"), (f"x/{n}+1", f"x/{n}+1"), (f"x^2/{n}", f"x^2/{n}"), ("x(x-1)", "x*(x-1)"), ("tanh(x)", "tanh(x)"),
            (f"{n}-x", f"{n}-x"), (f"{n}-x^2", f"{n}-x^2"), ("cosh(x)", "cosh(x)"), (f"exp(-x/{n})", f"exp(-x/{n})"),
        ]
    )  # fmt: skip


def _bare(rng: Random) -> tuple[str, str]:
    """A function as typed and as expression."""
    return rng.choices([_trig, _polynomial, _other], [30, 42, 28])[0](rng)


def explicit(expression: str) -> str:
    """Returns the expression with every product written out: `2*x` for `2x`."""
    return re.sub(r"(?<=[0-9])(?=[a-z(])|(?<=\))(?=[a-z(])", "*", expression)


def pick_function(rng: Random) -> tuple[str, str]:
    """Returns an expression and the noun phrase it is asked for by: `y = x^2`, `the function sin(x)`, `sine`."""
    if rng.random() < 0.14:
        spoken, expression = rng.choice(list(SPOKEN.items()))
        return explicit(expression), spoken
    typed, expression = _bare(rng)
    expression = explicit(expression)
    if rng.random() < 0.18:
        for sign in "+-":
            inner = typed[0] + typed[1:].replace(sign, f" {sign} ")
            typed = inner if "(" not in typed and "^-" not in typed else typed
    equation = rng.choice(["y={f}", "y = {f}", "f(x)={f}", "f(x) = {f}", "g(x)={f}", "y={f}"]).format(f=typed)
    noun = rng.choice(
        [typed] * 5
        + [equation] * 5
        + [
            f"the function {typed}",
            f"the function {equation}",
            f"the graph of {typed}",
            f"the graph of {equation}",
        ]
        + [f"the curve {equation}", f"the curve {typed}", f"the graph of {typed}", f"the function {typed}"]
    )
    if expression.lstrip("-0123456789.*").startswith("x^2") and rng.random() < 0.12:
        noun = f"the parabola {rng.choice([typed, equation])}"
    elif "^" not in expression and "(" not in expression and "/x" not in expression and rng.random() < 0.15:
        noun = f"the line {equation}" if "=" in equation else noun
    return expression, noun
