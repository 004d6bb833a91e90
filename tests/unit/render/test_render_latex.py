"""Formulas: what becomes of LaTeX, and what never reaches Typst."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from services.render.latex import LatexError, symbols, to_typst

_WITH_COLUMNS = {"array", "alignat", "alignedat"}
_PAGE = "#set page(width: auto, height: auto, margin: 0pt)\n"


@pytest.mark.parametrize(
    ("tex", "wanted"),
    [
        (r"a^2+b^2=c^2", "a^2 + b^2 = c^2"),
        (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "frac(- b ± sqrt(b^2 - 4 a c), 2 a)"),
        (r"\int_0^\infty e^{-x^2}\,dx", "∫_0^(∞) e^(- x^2) thin d x"),
        (r"x^12", "x^1 2"),
        (r"f'(x)", "f' (x)"),
        (r"[0,1)", r"bracket.l 0 \, 1 paren.r"),
        (r"{a+b}^2", "attach(a + b, t: 2)"),
        (r"\left(\frac12\right)", "(frac(1, 2))"),
        (r"\left.x\right|_0^1", "lr(x |)_0^1"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", 'mat(delim: "(", 1, 2; 3, 4)'),
        (r"\begin{aligned}a&=b\\&=c\end{aligned}", r"a & = b \  & = c"),
        (r"\begin{cases}x&y\\z&w\end{cases}", "cases(x & y, z & w)"),
        (r"a \% \$ \# \_ \&", r"a % \$ \# \_ \&"),
        (r"\mathrm{abc}\,\mathbf{F}", '"abc" thin bold(upright(F))'),
        (r"\text{if } x>0", '"if " x > 0'),
        (r"a\not=b", "a ≠ b"),
        (r"\sin\theta", "sin θ"),
    ],
)
def test_conversion(tex: str, wanted: str) -> None:
    assert to_typst(tex) == re.sub(r" {2,}", " ", wanted)


@pytest.mark.parametrize(
    ("tex", "code", "named"),
    [
        (r"\foo{x}", "latex_command", r"\foo"),
        (r"\alhpa", "latex_command", r"\alhpa"),
        (r"\input{/etc/passwd}", "latex_command", r"\input"),
        (r"\def\x{1}", "latex_command", r"\def"),
        (r"\frac{1}", "latex_syntax", "denominator"),
        (r"x_{", "latex_syntax", "}"),
        (r"a}", "latex_syntax", "}"),
        (r"x^2^3", "latex_syntax", "superscript"),
        (r"\begin{pmatrix}1\end{bmatrix}", "latex_syntax", "bmatrix"),
        (r"\begin{tikzpicture}\end{tikzpicture}", "latex_command", "tikzpicture"),
        (r"\left(x", "latex_syntax", r"\right"),
        ("a\\", "latex_syntax", "backslash"),
        ("a\x07b", "latex_syntax", "U+0007"),
        ("{" * 60 + "}" * 60, "latex_syntax", "deeply"),
        ("", "latex_syntax", "empty"),
    ],
)
def test_wrong_formulas_are_named(tex: str, code: str, named: str) -> None:
    with pytest.raises(LatexError) as caught:
        to_typst(tex)
    assert caught.value.code == code
    assert named in str(caught.value)


def test_a_misspelled_command_gets_a_suggestion() -> None:
    with pytest.raises(LatexError) as caught:
        to_typst(r"\alhpa")
    assert caught.value.advice == r"did you mean \alpha?"


def test_every_command_of_the_tables_can_be_typeset() -> None:
    formulas = [f"\\{name}" for name in (*symbols.SYMBOLS, *symbols.OPERATORS)]
    formulas += [f"x\\{name}y" for name in symbols.SPACES if not name.isalpha()]
    formulas += [f"\\{name}{{x}}" for name in (*symbols.ACCENTS, *symbols.FONTS)]
    formulas += [f"\\{name}" for name in symbols.CHARACTERS]
    formulas += [f"\\left{mark} x \\right{mark}" for mark in symbols.DELIMITERS]
    formulas += [f"\\not{name if name in '=<>' else chr(92) + name} x" for name in symbols.NEGATIONS]
    formulas += [
        f"\\begin{{{name}}}{'{cc}' if name in _WITH_COLUMNS else ''}a&b\\\\c&d\\end{{{name}}}"
        for name in symbols.ENVIRONMENTS
    ]
    formulas += [r"\boxed{x}", r"\overbrace{a+b}^{n}", r"\underbrace{a}_{n}", r"\binom{n}{k}", r"\sqrt[3]{x}"]
    formulas += [
        r"\overset{a}{=}",
        r"\xrightarrow{abc}",
        r"\substack{a\\b}",
        r"\pmod{7}",
        r"\operatorname{foo}x",
    ]
    formulas += [r"\langle\psi|\phi\rangle", r"\left\{x\middle|y\right\}", r"\textbf{b}", r"\sum\limits_i i"]
    source = _PAGE + "\n\n".join(f"$ {to_typst(tex)} $" for tex in formulas)
    assert typst.compile(source.encode(), format="svg").startswith(b"<svg")  # type: ignore[union-attr]


_HOSTILE = [
    r'\text{#read("/etc/passwd")}',
    r'\text{"; #read("/etc/passwd"); "}',
    r"\text{\\\\\"#panic()}",
    r'\mbox{#import "@preview/cetz:0.3.1"}',
    r'\operatorname{#eval("1")}',
    r"\mathrm{read}(\text{/etc/passwd})",
    r"read(/etc/passwd)",
    r"image(x)",
    r"@label <label> `raw` //comment /*comment*/",
    r"\#\text{$x$}\$ #",
    "\\text{\u202e#read}",
    r"\begin{array}{#read}a\end{array}",
    r"{{ a : label }}",
]


@pytest.mark.parametrize("tex", _HOSTILE)
def test_nothing_of_a_hostile_formula_is_executed(tex: str, tmp_path: Path) -> None:
    try:
        made = to_typst(tex)
    except LatexError:
        return
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", made)
    assert "#" not in outside.replace("\\#", "").replace("#none", "")
    assert "read(" not in outside
    assert "{{" not in outside
    svg = typst.compile((_PAGE + f"$ {made} $").encode(), root=str(tmp_path), format="svg")
    assert isinstance(svg, bytes)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("\\{}[]()^_&#$\"'`@<>~%*/;:,.| abxy12πé日\n")), max_size=40))
def test_any_text_is_converted_safely_or_refused(tex: str) -> None:
    try:
        made = to_typst(tex)
    except LatexError:
        return
    outside = re.sub(r"\\.", "", re.sub(r'"(?:[^"\\]|\\.)*"', "", made))
    assert not set(outside) & {"#", "$", "`", "@"}
    assert not re.search(r"[A-Za-z]{2,}\(", re.sub(r"\b(attach|lr|mid)\(", "", outside))


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.sampled_from(
            ["x", "2", "+", r"\alpha", r"\sin", "(", ")", "[", "]", "|", ",", "'", r"\,", r"\text{a#}"]
        ),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(" ".join),
            inner.map(lambda one: f"{{{one}}}"),
            st.tuples(inner, inner).map(lambda two: rf"\frac{{{two[0]}}}{{{two[1]}}}"),
            st.tuples(inner, inner).map(lambda two: f"{{{two[0]}}}^{{{two[1]}}}_{{{two[1]}}}"),
            inner.map(lambda one: rf"\sqrt{{{one}}}"),
            inner.map(lambda one: rf"\left[{one}\right)"),
        ),
        max_leaves=12,
    )
)
def test_what_is_converted_can_be_typeset(tex: str) -> None:
    try:
        made = to_typst(tex)
    except LatexError:
        return
    typst.compile((_PAGE + f"$ {made} $").encode(), format="svg")
